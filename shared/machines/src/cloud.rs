//! [`Machines`] of several providers as one.

use crate::{
    ec2::{Ec2Machines, sdk_config},
    hetzner::{HetznerConfig, HetznerMachines, MACHINE_ID_PREFIX, Misconfigured},
    nodes::Nodes,
};
use aws_sdk_ec2 as ec2;
use aws_sdk_ssm as ssm;
use domain::{
    id::WorkerId,
    offering::{Offering, Provider},
};
use ports::{
    Unavailable,
    clock::Clock,
    machines::{BuyError, Machine, Machines, PowerError},
};

/// What a stage buys machines with.
#[derive(Clone, Debug)]
pub struct CloudConfig {
    pub launch_template_id: String,
    /// Separated by commas, one a zone.
    pub subnet_ids: String,
    pub stage: String,
    /// `None`: this stage buys nothing there, and asks nothing of it.
    pub hetzner: Option<HetznerConfig>,
}

/// Goes by the offering's provider, and then by the machine's id: `i-…` is EC2's, `hz-…` Hetzner's.
#[derive(Clone, Debug)]
pub struct Cloud<E, H> {
    ec2: E,
    hetzner: Option<H>,
}

impl<C: Clock> Cloud<Ec2Machines, HetznerMachines<C>> {
    /// Region, credentials and endpoint of AWS come from the environment. `clock` is what waiting
    /// for Hetzner's actions goes by; `secret` opens the parameter of a name.
    pub async fn connect(
        config: CloudConfig,
        clock: C,
        secret: impl AsyncFn(&str) -> Result<String, Unavailable>,
    ) -> Result<Self, Misconfigured> {
        let sdk = sdk_config().await;
        let CloudConfig { launch_template_id, subnet_ids, stage, hetzner } = config;
        let hetzner = match hetzner {
            None => None,
            Some(hetzner) => {
                let client = ssm::Client::new(&sdk);
                let nodes = Nodes::new(client, stage.clone(), hetzner.node_role.clone());
                let token = secret(&hetzner.token_parameter).await.map_err(Misconfigured::Token)?;
                Some(HetznerMachines::new(hetzner, &token, stage.clone(), nodes, clock)?)
            }
        };
        let ec2 = Ec2Machines::new(ec2::Client::new(&sdk), launch_template_id, &subnet_ids, stage);
        Ok(Self { ec2, hetzner })
    }
}

impl<E: Machines, H: Machines> Cloud<E, H> {
    /// Of two providers, whichever they are.
    pub fn of(ec2: E, hetzner: Option<H>) -> Self {
        Self { ec2, hetzner }
    }

    /// The provider of `machine_id`, if it is not EC2.
    fn hetzner_of(&self, machine_id: &str) -> Result<Option<&H>, NotConfigured> {
        if !machine_id.starts_with(MACHINE_ID_PREFIX) {
            return Ok(None);
        }
        self.hetzner.as_ref().map(Some).ok_or(NotConfigured)
    }
}

/// A machine of a provider that this stage has no access to, or has no access to any more.
#[derive(Debug, thiserror::Error)]
#[error("this stage is not configured for `hetzner`")]
struct NotConfigured;

impl<E: Machines, H: Machines> Machines for Cloud<E, H> {
    async fn ensure_bought(
        &self,
        worker: &WorkerId,
        offering: &Offering,
    ) -> Result<Machine, BuyError> {
        match (offering.provider, &self.hetzner) {
            (Provider::Ec2, _) => self.ec2.ensure_bought(worker, offering).await,
            (Provider::Hetzner, Some(hetzner)) => hetzner.ensure_bought(worker, offering).await,
            (Provider::Hetzner, None) => Err(BuyError::Refused(NotConfigured.to_string())),
        }
    }

    async fn find(&self, worker: &WorkerId) -> Result<Option<Machine>, Unavailable> {
        if let Some(machine) = self.ec2.find(worker).await? {
            return Ok(Some(machine));
        }
        match &self.hetzner {
            Some(hetzner) => hetzner.find(worker).await,
            None => Ok(None),
        }
    }

    async fn find_at(
        &self,
        provider: Provider,
        worker: &WorkerId,
    ) -> Result<Option<Machine>, Unavailable> {
        match (provider, &self.hetzner) {
            (Provider::Ec2, _) => self.ec2.find(worker).await,
            (Provider::Hetzner, Some(hetzner)) => hetzner.find(worker).await,
            // It may well be there.
            (Provider::Hetzner, None) => Err(Unavailable::new("hetzner", NotConfigured)),
        }
    }

    async fn list(&self) -> Result<Vec<Machine>, Unavailable> {
        let mut machines = self.ec2.list().await?;
        if let Some(hetzner) = &self.hetzner {
            machines.extend(hetzner.list().await?);
        }
        Ok(machines)
    }

    async fn stop(&self, machine_id: &str) -> Result<(), PowerError> {
        match self.hetzner_of(machine_id) {
            Ok(None) => self.ec2.stop(machine_id).await,
            Ok(Some(hetzner)) => hetzner.stop(machine_id).await,
            Err(error) => Err(PowerError::Refused(error.to_string())),
        }
    }

    async fn start(&self, machine_id: &str) -> Result<(), PowerError> {
        match self.hetzner_of(machine_id) {
            Ok(None) => self.ec2.start(machine_id).await,
            Ok(Some(hetzner)) => hetzner.start(machine_id).await,
            Err(error) => Err(PowerError::Refused(error.to_string())),
        }
    }

    async fn terminate(&self, machine_id: &str) -> Result<(), Unavailable> {
        match self.hetzner_of(machine_id) {
            Ok(None) => self.ec2.terminate(machine_id).await,
            Ok(Some(hetzner)) => hetzner.terminate(machine_id).await,
            Err(error) => Err(Unavailable::new("hetzner", error)),
        }
    }
}
