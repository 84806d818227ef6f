//! The world of production.

use adapters::{
    clock::SystemClock,
    dodo::Dodo,
    dynamodb::{
        access_tokens::DynamoAccessTokens, accounts::DynamoAccounts, cases::DynamoCases,
        chat_tickets::DynamoChatTickets, configurations::DynamoConfigurations,
        intents::DynamoIntents, prices::DynamoPrices, projects::DynamoProjects,
        provider_keys::DynamoProviderKeys, sessions::DynamoSessions,
        subscriptions::DynamoSubscriptions, tenants::DynamoTenants, throttles::DynamoThrottles,
        usage::DynamoUsage,
    },
    kms::KmsVault,
    oidc::{self, Oidc},
    providers::HttpProviders,
    s3::{backups::S3Backups, imports::S3Imports, instance_logs::S3InstanceLogs},
    sfn::StepFunctions,
    sqs::{SqsFifoQueue, SqsQueue},
    ssm_parameters,
};
use api::{Api, EdgeKey, FrontDoor, Keys, Settings, World};
use contracts::{
    billing::{self, Message},
    mail::Letter,
    warm::Poke,
    webhook::Products,
};
use domain::email::EmailAddress;
use lambda_http::Error;
use runtime::env;
use std::collections::BTreeSet;

pub(crate) struct Cloud;

impl World for Cloud {
    type Accounts = DynamoAccounts;
    type Sessions = DynamoSessions;
    type Throttles = DynamoThrottles;
    type Tenants = DynamoTenants;
    type AccessTokens = DynamoAccessTokens;
    type Projects = DynamoProjects;
    type Cases = DynamoCases;
    type ChatTickets = DynamoChatTickets;
    type Letters = SqsQueue<Letter>;
    type Intents = DynamoIntents;
    type Pokes = SqsQueue<Poke>;
    type Subscriptions = DynamoSubscriptions;
    type Sagas = StepFunctions;
    type Backups = S3Backups;
    type Vault = KmsVault;
    type Payments = Dodo;
    type Prices = DynamoPrices;
    type Looks = SqsFifoQueue<Message>;
    type Google = Oidc<SystemClock>;
    type ProviderKeys = DynamoProviderKeys;
    type Configurations = DynamoConfigurations;
    type ProviderCheck = HttpProviders;
    type InstanceLogs = S3InstanceLogs;
    type Usage = DynamoUsage;
    type Imports = S3Imports;
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
    let google = google(&app_url, secret("GOOGLE_SECRET_PARAMETER").await?);
    Ok(Api {
        accounts: DynamoAccounts::connect(env::require("ACCOUNTS_TABLE")).await,
        sessions: DynamoSessions::connect(env::require("ACCOUNTS_TABLE")).await,
        throttles: DynamoThrottles::connect(env::require("ACCOUNTS_TABLE")).await,
        tenants: DynamoTenants::connect(env::require("ACCOUNTS_TABLE")).await,
        access_tokens: DynamoAccessTokens::connect(env::require("ACCOUNTS_TABLE")).await,
        projects: DynamoProjects::connect(env::require("PROJECTS_TABLE")).await,
        cases: DynamoCases::connect(env::require("PROJECTS_TABLE")).await,
        chat_tickets: DynamoChatTickets::connect(env::require("ACCOUNTS_TABLE")).await,
        letters: SqsQueue::connect(env::require("MAIL_QUEUE_URL")).await,
        intents: DynamoIntents::connect(env::require("FLEET_TABLE")).await,
        pokes: SqsQueue::connect(env::require("WARM_QUEUE_URL")).await,
        subscriptions: DynamoSubscriptions::connect(env::require("LEDGER_TABLE")).await,
        sagas: StepFunctions::connect(env::require("PROVISION_ARN")).await,
        halts: StepFunctions::connect(env::require("HALT_ARN")).await,
        restarts: StepFunctions::connect(env::require("RESTART_ARN")).await,
        erasures: StepFunctions::connect(env::require("ERASE_ARN")).await,
        backups: S3Backups::connect(env::require("BACKUPS_BUCKET")).await,
        vault: KmsVault::connect(env::require("KEY_ID")).await,
        provider_keys: DynamoProviderKeys::connect(env::require("PROJECTS_TABLE")).await,
        provider_check: HttpProviders::new(env::require_json("PROVIDER_URLS"))?,
        configurations: DynamoConfigurations::connect(env::require("PROJECTS_TABLE")).await,
        configures: StepFunctions::connect(env::require("CONFIGURE_ARN")).await,
        readings: StepFunctions::connect(env::require("LOGS_ARN")).await,
        instance_logs: S3InstanceLogs::connect(env::require("BUNDLES_BUCKET")).await,
        usage: DynamoUsage::connect(env::require("LEDGER_TABLE")).await,
        imports: S3Imports::connect(env::require("BUNDLES_BUCKET")).await,
        intakes: StepFunctions::connect(env::require("IMPORT_ARN")).await,
        payments: Dodo::new(env::require("DODO_URL"), &dodo_key, products)?,
        prices: DynamoPrices::connect(env::require("LEDGER_TABLE")).await,
        looks: SqsFifoQueue::connect(env::require("BILLING_QUEUE_URL")).await,
        google: Oidc::new(google, SystemClock)?,
        clock: SystemClock,
        keys: Keys::new(&secret("JWT_KEY_PARAMETER").await?, &app_url)?,
        edge_key: EdgeKey::new(&secret("EDGE_KEY_PARAMETER").await?)?,
        front_door: FrontDoor::new(&secret("FRONT_SECRET_PARAMETER").await?)?,
        settings: Settings {
            app_url,
            domain: env::require("DOMAIN"),
            instance_url_port: env::require("INSTANCE_URL_PORT"),
            tries_per_network: env::require("TRIES_PER_NETWORK"),
            operators: operators(&env::require::<String>("OPERATORS"))?,
            models: env::require_json("MODELS"),
            terms: env::require_json::<billing::Settings>("BILLING").terms(),
        },
    })
}

fn google(app_url: &str, client_secret: String) -> oidc::Settings {
    oidc::Settings {
        issuer: env::require("GOOGLE_ISSUER"),
        authorize_url: env::require("GOOGLE_AUTHORIZE_URL"),
        token_url: env::require("GOOGLE_EXCHANGE_URL"),
        jwks_url: env::require("GOOGLE_JWKS_URL"),
        client_id: env::require("GOOGLE_CLIENT_ID"),
        client_secret,
        redirect_uri: format!("{app_url}/api/google/callback"),
    }
}

/// Addresses with commas between them; none is fine.
fn operators(list: &str) -> Result<BTreeSet<EmailAddress>, Error> {
    let addresses = list.split(',').filter(|it| !it.trim().is_empty());
    addresses.map(|it| Ok(EmailAddress::try_from(it.to_owned())?)).collect()
}
