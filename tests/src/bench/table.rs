//! A Markdown table that reads well unrendered too.

use std::fmt::Write as _;

#[derive(Debug)]
pub struct Table {
    title: String,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(title: &str, headers: &[&str]) -> Self {
        let headers = headers.iter().map(|&it| it.to_owned()).collect();
        Self { title: title.to_owned(), rows: vec![headers] }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub fn markdown(&self) -> String {
        let columns = self.rows[0].len();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|it| it.chars().count()).max().unwrap_or_default().max(3)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = format!("\n### {}\n\n", self.title);
        for (number, row) in self.rows.iter().enumerate() {
            let cells: Vec<String> = widths
                .iter()
                .enumerate()
                .map(|(column, width)| aligned(row.get(column), column, *width))
                .collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
            if number == 0 {
                text.push_str(&rule(&widths));
            }
        }
        text
    }
}

/// Names on the left, figures on the right.
fn aligned(cell: Option<&String>, column: usize, width: usize) -> String {
    let cell = cell.map_or("", String::as_str);
    if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
}

fn rule(widths: &[usize]) -> String {
    let dashes = |(column, width): (usize, &usize)| {
        if column == 0 { "-".repeat(*width) } else { format!("{}:", "-".repeat(width - 1)) }
    };
    let cells: Vec<String> = widths.iter().enumerate().map(dashes).collect();
    format!("| {} |\n", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new("Sizes", &["function", "MB"]);
        table.row(["api".to_owned(), "12.1".to_owned()]);
        let expected =
            "\n### Sizes\n\n| function |   MB |\n| -------- | ---: |\n| api      | 12.1 |\n";
        assert_eq!(table.markdown(), expected);
    }
}
