//! Who pays.

use super::{
    Dodo, Shared,
    books::Metadata,
    catalog::BUSINESS_ID,
    paging::Paging,
    problem::{Body, Problem},
    records::Customer,
};
use crate::random;
use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(super) struct NewCustomer {
    email: String,
    name: String,
    #[serde(default)]
    phone_number: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
pub(super) struct Filter {
    email: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Deserialize)]
pub(super) struct Change {
    name: Option<String>,
    phone_number: Option<String>,
    metadata: Option<Metadata>,
}

impl NewCustomer {
    pub(super) fn of_an_address(email: &str) -> Self {
        let name = email.split('@').next().unwrap_or(email).to_owned();
        Self { email: email.to_owned(), name, phone_number: None, metadata: Metadata::new() }
    }
}

impl Customer {
    fn whole(&self) -> Value {
        let mut view = self.within_another();
        view["business_id"] = json!(BUSINESS_ID);
        view["created_at"] = json!(self.created_at);
        view
    }

    /// As subscriptions and payments hold it.
    pub(super) fn within_another(&self) -> Value {
        json!({
            "customer_id": self.customer_id,
            "email": self.email,
            "name": self.name,
            "metadata": self.metadata,
            "phone_number": self.phone_number,
        })
    }
}

impl Dodo {
    pub(super) fn add_customer(&self, new: NewCustomer) -> Result<Customer, Problem> {
        if !new.email.contains('@') {
            return Err(Problem::bad_request(format!("`{}` is not an e-mail address", new.email)));
        }
        let customer = Customer {
            customer_id: random::id("cus_"),
            email: new.email,
            name: new.name,
            phone_number: new.phone_number,
            metadata: new.metadata,
            created_at: self.now(),
        };
        self.write(|books| {
            books.customers.insert(customer.customer_id.clone(), customer.clone());
        });
        Ok(customer)
    }

    pub(super) fn customer(&self, id: &str) -> Result<Customer, Problem> {
        let missing = || Problem::not_found("CUSTOMER_NOT_FOUND", format!("no customer `{id}`"));
        self.read(|books| books.customers.get(id).cloned()).ok_or_else(missing)
    }

    /// An address that is known belongs to the customer who has it.
    pub(super) fn customer_with(&self, new: NewCustomer) -> Result<Customer, Problem> {
        let known =
            self.read(|books| books.customers.values().find(|it| it.email == new.email).cloned());
        known.map_or_else(|| self.add_customer(new), Ok)
    }
}

pub(super) async fn create(
    State(dodo): Shared,
    Body(new): Body<NewCustomer>,
) -> Result<Json<Value>, Problem> {
    dodo.add_customer(new).map(|customer| Json(customer.whole()))
}

pub(super) async fn get(
    State(dodo): Shared,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    dodo.customer(&id).map(|customer| Json(customer.whole()))
}

pub(super) async fn list(State(dodo): Shared, Query(filter): Query<Filter>) -> Json<Value> {
    let fits = |it: &&Customer| filter.email.as_ref().is_none_or(|email| *email == it.email);
    filter
        .paging
        .of(dodo.read(|books| books.customers.values().filter(fits).map(Customer::whole).collect()))
}

pub(super) async fn update(
    State(dodo): Shared,
    Path(id): Path<String>,
    Body(change): Body<Change>,
) -> Result<Json<Value>, Problem> {
    dodo.customer(&id)?;
    dodo.write(|books| {
        if let Some(customer) = books.customers.get_mut(&id) {
            customer.name = change.name.unwrap_or_else(|| std::mem::take(&mut customer.name));
            customer.phone_number = change.phone_number.or(customer.phone_number.take());
            customer.metadata =
                change.metadata.unwrap_or_else(|| std::mem::take(&mut customer.metadata));
        }
    });
    dodo.customer(&id).map(|customer| Json(customer.whole()))
}
