//! A form of a web page, filled and submitted as a browser does: only what the page offers.

/// The one form of a checkout page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// As written in the page, to be joined to its address.
    pub action: String,
    /// Hidden and preset fields.
    pub fields: Vec<(String, String)>,
    pub buttons: Vec<Button>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Button {
    pub name: String,
    pub value: String,
    pub label: String,
}

impl Form {
    /// The first form in `html`.
    pub fn find(html: &str) -> Option<Self> {
        let start = html.find("<form")?;
        let end = start + html[start..].find("</form>")?;
        let mut form = Self::default();
        let mut rest = &html[start..end];
        while let Some(open) = rest.find('<') {
            let (tag, after) = rest[open + 1..].split_once('>')?;
            form.take(tag, after);
            rest = after;
        }
        Some(form)
    }

    fn take(&mut self, tag: &str, after: &str) {
        let value = |name| attribute(tag, name).unwrap_or_default();
        match tag.split_whitespace().next() {
            Some("form") => self.action = value("action"),
            Some("input") => self.fields.push((value("name"), value("value"))),
            Some("button") => self.buttons.push(Button {
                name: value("name"),
                value: value("value"),
                label: after.split('<').next().unwrap_or_default().trim().to_owned(),
            }),
            Some(_) | None => (),
        }
    }

    /// What is sent when the button whose label begins with `label` is pressed.
    pub fn press(&self, label: &str) -> Option<Vec<(String, String)>> {
        let button = self.buttons.iter().find(|it| it.label.starts_with(label))?;
        let mut fields = self.fields.clone();
        fields.push((button.name.clone(), button.value.clone()));
        Some(fields)
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(value.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<h1>Pay</h1><form method="post" action="/session/cks_1?a=1&amp;b=2">
        <input type="hidden" name="csrf" value="x">
        <button class="pay" name="card" value="good">Pay $49.00</button>
        <button name="card" value="declined">Decline card</button></form>"#;

    #[test]
    fn a_form_is_submitted_with_its_fields_and_the_pressed_button() {
        let form = Form::find(PAGE).unwrap();
        assert_eq!(form.action, "/session/cks_1?a=1&b=2");
        let sent = form.press("Decline").unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(sent, [pair("csrf", "x"), pair("card", "declined")]);
        assert_eq!(form.press("Subscribe"), None);
    }

    #[test]
    fn a_page_without_a_form_has_none() {
        assert_eq!(Form::find("<p>This checkout is over</p>"), None);
    }
}
