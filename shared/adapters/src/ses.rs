//! [`Mail`] on SES.

use crate::aws;
use aws_sdk_sesv2::{
    Client,
    error::BuildError,
    operation::send_email::SendEmailError,
    types::{Body, Content, Destination, EmailContent, Message as Simple},
};
use ports::{
    Unavailable,
    mail::{Mail, Message, SendError},
};

#[derive(Clone, Debug)]
pub struct SesMail {
    client: Client,
    from: String,
}

impl SesMail {
    /// `from` is an address whose domain SES has verified.
    pub async fn connect(from: String) -> Self {
        Self { client: Client::new(&aws::config().await), from }
    }
}

impl Mail for SesMail {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let sent = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(message.to.as_str()).build())
            .content(content(message).map_err(unavailable)?)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(
                    refusal @ (SendEmailError::MessageRejected(_)
                    | SendEmailError::BadRequestException(_)),
                ) => Err(SendError::Refused(refusal.to_string())),
                // A paused account or an unverified sender is ours to mend; the letter waits.
                _ => Err(unavailable(error).into()),
            },
        }
    }
}

fn content(message: &Message) -> Result<EmailContent, BuildError> {
    let body = Body::builder().text(utf8(&message.text)?).html(utf8(&message.html)?).build();
    let simple = Simple::builder().subject(utf8(&message.subject)?).body(body).build();
    Ok(EmailContent::builder().simple(simple).build())
}

fn utf8(text: &str) -> Result<Content, BuildError> {
    Content::builder().data(text).charset("UTF-8").build()
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("mail provider", error)
}
