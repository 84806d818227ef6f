//! Invoices, as PDF: one page of text.

use super::{
    Dodo, Shared, catalog::CURRENCY, payments::missing, problem::Problem, records::Customer,
};
use crate::page::money;
use axum::{
    extract::{Path, State},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use std::fmt::Write as _;

pub(super) async fn of_a_payment(
    State(dodo): Shared,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let lines = dodo.invoice_lines(&id)?;
    Ok(([(CONTENT_TYPE, "application/pdf")], pdf(&lines)).into_response())
}

pub(super) async fn of_a_refund(
    State(dodo): Shared,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let lines = dodo.read(|books| {
        let refund = books.refunds.get(&id)?;
        Some([format!("Refund {id}"), money(refund.amount_minor, CURRENCY)])
    });
    let missing = || Problem::not_found("REFUND_NOT_FOUND", format!("no refund `{id}`"));
    Ok(([(CONTENT_TYPE, "application/pdf")], pdf(&lines.ok_or_else(missing)?)).into_response())
}

impl Dodo {
    fn invoice_lines(&self, payment_id: &str) -> Result<Vec<String>, Problem> {
        self.read(|books| {
            let payment = books.payments.get(payment_id).ok_or_else(|| missing(payment_id))?;
            let customer = books.customers.get(&payment.customer_id);
            Ok(vec![
                format!("Invoice inv_{}", payment.suffix()),
                customer.map_or_else(String::new, |it: &Customer| it.email.clone()),
                payment.created_at.to_string(),
                money(payment.total_minor, CURRENCY),
                "A stand-in for Dodo Payments. No money moved.".to_owned(),
            ])
        })
    }
}

/// One page with one line under the other, in a font that every reader has.
fn pdf(lines: &[String]) -> Vec<u8> {
    let mut text = "BT /F1 14 Tf 20 TL 60 780 Td".to_owned();
    for line in lines {
        let line: String =
            line.chars().filter(|it| it.is_ascii() && !r"()\".contains(*it)).collect();
        let _ = write!(text, " ({line}) Tj T*");
    }
    text.push_str(" ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        places.push(file.len());
        let _ = write!(file, "{number} 0 obj\n{object}\nendobj\n");
    }
    let table = file.len();
    let _ = write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for place in places {
        let _ = writeln!(file, "{place:010} 00000 n ");
    }
    let size = objects.len() + 1;
    let _ = write!(file, "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    file.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_a_pdf_points_at_its_objects() {
        let file = String::from_utf8(pdf(&["Invoice (1)".to_owned()])).unwrap();
        let (_, table) = file.split_once("xref\n0 6\n").unwrap();
        for (number, entry) in (1..6).zip(table.lines().skip(1)) {
            let place: usize = entry[..10].parse().unwrap();
            assert!(file[place..].starts_with(&format!("{number} 0 obj")), "{entry}");
        }
        assert!(file.contains("(Invoice 1) Tj"), "what would end the text is left out");
    }
}
