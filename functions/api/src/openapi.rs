//! The description of the API that it serves itself.

use crate::{
    router::operations,
    view::{
        AppliedView, ApplyBody, BotTokenBody, CheckoutView, Confirmed, CredentialsBody,
        GatewayTokenView, Health, IntentBody, KeyView, ModelBody, ModelUseView, ModelView,
        NewKeyBody, NewProjectBody, OfferView, PlanName, PlanView, ProjectState, ProjectView,
        ProviderName, SecretBody, ShelfView, SignedInView, StepState, StepView, TelegramView,
        TokenBody,
    },
    world::World,
};
use contracts::problem::CONTENT_TYPE;
use utoipa::{
    OpenApi,
    openapi::{
        ContentBuilder, Object, ObjectBuilder, OpenApi as Document, Ref, ResponseBuilder, Type,
        path::{Operation, PathItem},
        schema::ArrayBuilder,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(title = "1mins.in", description = "A private OpenClaw, running within minutes"),
    components(schemas(
        AppliedView,
        ApplyBody,
        BotTokenBody,
        CheckoutView,
        Confirmed,
        CredentialsBody,
        GatewayTokenView,
        Health,
        IntentBody,
        KeyView,
        ModelBody,
        ModelUseView,
        ModelView,
        NewKeyBody,
        NewProjectBody,
        OfferView,
        PlanName,
        PlanView,
        ProjectState,
        ProjectView,
        ProviderName,
        SecretBody,
        ShelfView,
        SignedInView,
        StepState,
        StepView,
        TelegramView,
        TokenBody,
    ))
)]
struct Frame;

/// What holds the operations together.
pub(crate) fn frame() -> Document {
    let mut frame = Frame::openapi();
    let components = frame.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("session", SecurityScheme::Http(bearer));
    components.schemas.insert("Problem".to_owned(), problem().into());
    frame
}

/// The document of the router over `W`. The same for each.
pub fn document<W: World>() -> String {
    render(operations::<W>().1)
}

/// As it is served. Every operation answers a problem document when it refuses.
pub(crate) fn render(mut document: Document) -> String {
    for item in document.paths.paths.values_mut() {
        let PathItem { get, post, put, delete, .. } = item;
        for operation in [get, post, put, delete].into_iter().flatten() {
            add_refusal(operation);
        }
    }
    document.to_pretty_json().expect("a document is made of strings")
}

fn add_refusal(operation: &mut Operation) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new()
        .description("Refused, and why")
        .content(CONTENT_TYPE, content)
        .build();
    operation.responses.responses.insert("default".to_owned(), response.into());
}

/// By hand: `contracts` does not know of OpenAPI, and should not. A test holds the two together.
fn problem() -> Object {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let error = ObjectBuilder::new()
        .property("field", text())
        .required("field")
        .property("message", text())
        .required("message");
    ObjectBuilder::new()
        .description(Some("RFC 9457"))
        .property("type", text())
        .required("type")
        .property("title", text())
        .required("title")
        .property("status", ObjectBuilder::new().schema_type(Type::Integer))
        .required("status")
        .property("detail", text())
        .property("errors", ArrayBuilder::new().items(error))
        .build()
}
