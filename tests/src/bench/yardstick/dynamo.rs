//! Our side: the function `placement` itself, on the engine's DynamoDB.

use super::{
    YardstickError,
    balance::Held,
    case::{PLAN, project},
    engine::{TABLE, World},
    race::{Placer, Tries},
    requests::Requests,
};
use adapters::{
    clock::SystemClock,
    dynamodb::{fleet::DynamoFleet, placements::DynamoPlacements},
    random::SystemRandom,
};
use aws_sdk_dynamodb::Client;
use contracts::provision::{Reserved, Saga};
use domain::{
    capacity::Capacity,
    id::{ProjectId, WorkerId},
    project::Project,
    worker::Worker,
};
use placement::{Call, Config, PlaceError, World as Around, handle};
use ports::fleet::Fleet as _;
use std::collections::BTreeMap;
use testkit::make;

const POOL: &str = "yardstick";
/// In how many parts the pool is. One, so that every placer sees every worker, like over there.
const PARTS: u32 = 1;
/// How often the saga may have to try again before the bench gives up.
const MAX_INVOCATIONS: u32 = 1_000;

/// A fleet of ready workers in a world of its own.
#[derive(Debug)]
pub struct Dynamo {
    world: World,
    fleet: DynamoFleet,
}

/// One function of many that run at a time.
pub struct DynamoPlacer {
    world: World,
    client: Client,
    requests: Requests,
    number: u32,
    fleet: DynamoFleet,
    placements: DynamoPlacements,
    config: Config,
}

impl Dynamo {
    /// `url` is where the engine is.
    pub async fn filled(url: &str, workers: &[Capacity]) -> Result<Self, YardstickError> {
        let world = World::create(url).await?;
        let fleet = fleet_on(&world.client(&Requests::default()));
        for (index, it) in workers.iter().enumerate() {
            let worker = make::worker(&format!("{index:02}"), it.memory_mib);
            fleet.ensure_recorded(&Worker { total: *it, free: *it, ..worker }).await?;
        }
        Ok(Self { world, fleet })
    }

    pub fn placers(&self, count: u32) -> Vec<DynamoPlacer> {
        (0..count).map(|number| DynamoPlacer::on(&self.world, number)).collect()
    }

    /// What it gave out.
    pub async fn fleet(&self) -> Result<Vec<Held>, YardstickError> {
        Ok(self.fleet.workers().await?.into_iter().map(Held::from).collect())
    }

    /// Gives its table back.
    pub async fn remove(self) -> Result<(), YardstickError> {
        self.world.remove().await
    }
}

impl DynamoPlacer {
    fn on(world: &World, number: u32) -> Self {
        let requests = Requests::default();
        let client = world.client(&requests);
        let config = Config {
            architecture: make::origin().architecture,
            maximum_instances: BTreeMap::new(),
        };
        Self {
            fleet: fleet_on(&client),
            placements: DynamoPlacements::on(client.clone(), TABLE.to_owned()),
            world: world.clone(),
            client,
            requests,
            number,
            config,
        }
    }

    /// Calls the function for project `number`, once: where it placed it, or `None` if it says that
    /// no worker has room.
    pub async fn call(&self, number: u32) -> Result<Option<WorkerId>, PlaceError> {
        let world = Around {
            fleet: &self.fleet,
            placements: &self.placements,
            clock: &SystemClock,
            random: &SystemRandom,
            config: &self.config,
        };
        let answer = handle(&world, &Call::Reserve(saga(number))).await?;
        Ok(serde_json::from_value::<Reserved>(answer)?.worker_id)
    }
}

impl Placer for DynamoPlacer {
    async fn place(&mut self, number: u32) -> Result<Tries, YardstickError> {
        let mut tries = Tries::default();
        self.requests.take();
        for _ in 0..MAX_INVOCATIONS {
            match self.call(number).await {
                Ok(Some(_)) => {
                    (tries.writes, tries.round_trips) = self.requests.take();
                    return Ok(tries);
                }
                Ok(None) => tries.full += 1,
                Err(PlaceError::Contended(_)) => tries.contended += 1,
                Err(error) => return Err(error.into()),
            }
        }
        Err(YardstickError::NeverPlaced { project: project(number), tries: MAX_INVOCATIONS })
    }

    async fn touch(&mut self) -> Result<(), YardstickError> {
        self.world.touch(&self.client, self.number).await
    }
}

/// The first provisioning of project `number`.
fn saga(number: u32) -> Saga {
    let id = ProjectId::try_from(project(number)).expect("the id is plain");
    Saga::of(&Project { plan: PLAN, ..make::project_called(id.body()) })
}

fn fleet_on(client: &Client) -> DynamoFleet {
    DynamoFleet::on(client.clone(), TABLE.to_owned(), POOL.to_owned(), PARTS)
}
