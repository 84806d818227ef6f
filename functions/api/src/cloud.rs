//! The world of production.

use adapters::{
    clock::SystemClock,
    dodo::{Dodo, Products},
    dynamodb::{
        accounts::DynamoAccounts, configurations::DynamoConfigurations, intents::DynamoIntents,
        projects::DynamoProjects, provider_keys::DynamoProviderKeys,
    },
    kms::KmsVault,
    providers::HttpProviders,
    sfn::StepFunctions,
    sqs::SqsQueue,
    ssm_parameters,
};
use api::{Api, Keys, Settings, World};
use contracts::{mail::Letter, warm::Poke};
use lambda_http::Error;
use runtime::env;

pub(crate) struct Cloud;

impl World for Cloud {
    type Accounts = DynamoAccounts;
    type Projects = DynamoProjects;
    type Letters = SqsQueue<Letter>;
    type Intents = DynamoIntents;
    type Pokes = SqsQueue<Poke>;
    type Sagas = StepFunctions;
    type Vault = KmsVault;
    type Payments = Dodo;
    type ProviderKeys = DynamoProviderKeys;
    type Configurations = DynamoConfigurations;
    type ProviderCheck = HttpProviders;
    type Clock = SystemClock;
}

pub(crate) async fn connect() -> Result<Api<Cloud>, Error> {
    let secret = |name| async move { ssm_parameters::secret(&env::require::<String>(name)).await };
    let app_url: String = env::require("APP_URL");
    let products = Products {
        standard: env::require("DODO_PRODUCT_STANDARD"),
        pro: env::require("DODO_PRODUCT_PRO"),
        dedicated: env::require("DODO_PRODUCT_DEDICATED"),
    };
    let dodo_key = secret("DODO_KEY_PARAMETER").await?;
    Ok(Api {
        accounts: DynamoAccounts::connect(env::require("ACCOUNTS_TABLE")).await,
        projects: DynamoProjects::connect(env::require("PROJECTS_TABLE")).await,
        letters: SqsQueue::connect(env::require("MAIL_QUEUE_URL")).await,
        intents: DynamoIntents::connect(env::require("FLEET_TABLE")).await,
        pokes: SqsQueue::connect(env::require("WARM_QUEUE_URL")).await,
        sagas: StepFunctions::connect(env::require("PROVISION_ARN")).await,
        vault: KmsVault::connect(env::require("KEY_ID")).await,
        provider_keys: DynamoProviderKeys::connect(env::require("PROJECTS_TABLE")).await,
        provider_check: HttpProviders::new(env::require_json("PROVIDER_URLS"))?,
        configurations: DynamoConfigurations::connect(env::require("PROJECTS_TABLE")).await,
        configures: StepFunctions::connect(env::require("CONFIGURE_ARN")).await,
        payments: Dodo::new(env::require("DODO_URL"), &dodo_key, products)?,
        clock: SystemClock,
        keys: Keys::new(&secret("JWT_KEY_PARAMETER").await?, &app_url)?,
        prices: api::PriceBoard::default(),
        settings: Settings {
            app_url,
            domain: env::require("DOMAIN"),
            instance_url_port: env::require("INSTANCE_URL_PORT"),
            models: env::require_json("MODELS"),
        },
    })
}
