//! The description of the API that it serves itself.

use crate::{
    router::operations,
    view::{
        Accepted, AccessTokenBody, AccessTokenView, AllProjects, AppliedView, ApplyBody,
        BackupView, BotTokenBody, ChangePasswordBody, ChatTicketView, CheckoutBody, CheckoutView,
        Confirmed, CredentialsBody, DayUsageView, DeletionBody, EmailBody, GatewayTokenView,
        GoogleUrlView, Health, HealthName, HealthView, ImportState, ImportTicketView, ImportView,
        IntentBody, InvitationBody, InvitationView, KeepAwakeBody, KeyView, LeftOutView, LogsBody,
        LogsText, LogsTicketView, MeView, MemberView, ModelBody, ModelUseView, ModelView,
        NewAccessTokenView, NewImportBody, NewKeyBody, NewProjectBody, OfferView, PasswordBody,
        PaymentView, Pdf, PlanChangeBody, PlanChangeView, PlanName, PlanView, PortalView,
        PriceView, ProjectState, ProjectView, ProviderName, QuoteBody, QuoteView, RefundedName,
        ResetBody, ResetDone, ResourceName, RestoreBody, RoleBody, RoleName, ScopeName, SecretBody,
        SessionView, ShelfView, SignedInView, SpendCapBody, StandingName, StepState, StepView,
        SubscriptionView, SwitchBody, TelegramView, TenantBody, TenantView, TokenBody, TroubleName,
        UsageView, WhichProjects, WhyName,
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
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(title = "1mins.in", description = "A private OpenClaw, running within minutes"),
    components(schemas(
        Accepted,
        AccessTokenBody,
        AccessTokenView,
        ChatTicketView,
        ChangePasswordBody,
        AppliedView,
        AllProjects,
        ApplyBody,
        BackupView,
        BotTokenBody,
        CheckoutBody,
        CheckoutView,
        Confirmed,
        CredentialsBody,
        DeletionBody,
        EmailBody,
        GatewayTokenView,
        GoogleUrlView,
        Health,
        ImportState,
        ImportTicketView,
        ImportView,
        IntentBody,
        LeftOutView,
        NewImportBody,
        InvitationBody,
        InvitationView,
        KeepAwakeBody,
        LogsBody,
        LogsText,
        LogsTicketView,
        MemberView,
        NewAccessTokenView,
        MeView,
        NewProjectBody,
        PasswordBody,
        KeyView,
        ModelBody,
        ModelUseView,
        ModelView,
        NewKeyBody,
        OfferView,
        PlanName,
        PlanView,
        ProjectState,
        ProjectView,
        HealthName,
        HealthView,
        ResourceName,
        TroubleName,
        ResetBody,
        ResetDone,
        RestoreBody,
        RoleBody,
        RoleName,
        ScopeName,
        SessionView,
        SignedInView,
        StepState,
        StepView,
        SwitchBody,
        TenantBody,
        TenantView,
        ProviderName,
        SecretBody,
        ShelfView,
        TelegramView,
        TokenBody,
        WhichProjects,
        PaymentView,
        Pdf,
        PlanChangeBody,
        PlanChangeView,
        PortalView,
        PriceView,
        QuoteBody,
        QuoteView,
        RefundedName,
        StandingName,
        SubscriptionView,
        WhyName,
        DayUsageView,
        SpendCapBody,
        UsageView,
    ))
)]
struct Frame;

/// What holds the operations together.
pub(crate) fn frame() -> Document {
    let mut frame = Frame::openapi();
    let components = frame.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("session", SecurityScheme::Http(bearer));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("1mins_pat_…")
        .description(Some("A personal access token, with at least the scope that is named"));
    components.add_security_scheme("access_token", SecurityScheme::Http(bearer.build()));
    let refresh = ApiKeyValue::with_description("__Host-refresh", "Comes with a sign-in");
    components.add_security_scheme("refresh", SecurityScheme::ApiKey(ApiKey::Cookie(refresh)));
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
        let PathItem { get, put, post, delete, patch, .. } = item;
        for operation in [get, put, post, delete, patch].into_iter().flatten() {
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
