//! The picture of the study: two panels, workers as they are and workers emptied daily.
//!
//! Colours are classes, so that one file serves a light page and a dark one. The hues of the lines go
//! from pale to strong with the number of projects, and their marks differ too.

use super::study::{GOALS, PROJECTS, SIZES_GIB, Study};
use svg::{
    Document, Node,
    node::element::{Circle, Group, Line, Polyline, Rectangle, Style, Text},
};

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 390.0;
const TOP: f64 = 120.0;
const PLOT_WIDTH: f64 = 360.0;
const PLOT_HEIGHT: f64 = 230.0;
/// Left edges of the panels.
const LEFTS: [f64; 2] = [58.0, 470.0];
/// From the frame of a panel to its first and last mark.
const INSET: f64 = 34.0;
const STEP: f64 = 0.05;
const SUBTITLE: &str = "80 % Standard, 20 % Pro, mean stay 30 days. Bars: deviation over seeds. \
                        The goals are for 500 projects on 16 GiB.";

const STYLE: &str = "
text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #3d3d3a }
.title { font-size: 16px; font-weight: 600 } .head { font-weight: 600 }
.title, .head { fill: #141413 } .goal-name { fill: #a33d12 }
.page { fill: #fdfdfc } .grid { stroke: #e3e2dd } .goal { stroke: #c2541f; stroke-dasharray: 6 4 }
.line { fill: none; stroke-width: 2 } .spread { stroke-width: 1.5; opacity: .55 }
.l0 { stroke: #6aa5e3 } .m0 { fill: #6aa5e3 }
.l1 { stroke: #2a6fc4 } .m1 { fill: #2a6fc4 }
.l2 { stroke: #0f3870 } .m2 { fill: #0f3870 }
@media (prefers-color-scheme: dark) {
text { fill: #c9c8c1 } .title, .head { fill: #f5f4ef } .goal-name { fill: #f0a07a }
.page { fill: #1b1b1a } .grid { stroke: #3a3a37 } .goal { stroke: #e07a45 }
.l0 { stroke: #3f76b5 } .m0 { fill: #3f76b5 }
.l1 { stroke: #6daaf0 } .m1 { fill: #6daaf0 }
.l2 { stroke: #d3e5fb } .m2 { fill: #d3e5fb }
}
";

/// An SVG document.
pub(super) fn draw(study: &Study) -> String {
    let panels = [("Best fit alone", GOALS.alone), ("Sparse workers emptied daily", GOALS.moving)];
    let top = top_of_scale(study);
    let mut document = Document::new()
        .set("viewBox", (0, 0, WIDTH, HEIGHT))
        .set("role", "img")
        .set("aria-label", "Server-hours over the exact optimum, by size of worker")
        .add(Style::new(STYLE))
        .add(Rectangle::new().set("width", WIDTH).set("height", HEIGHT).set("class", "page"))
        .add(label("Server-hours over the exact optimum", 16.0, 30.0, "title"))
        .add(label(SUBTITLE, 16.0, 51.0, ""))
        .add(legend());
    for (number, (name, goal)) in panels.into_iter().enumerate() {
        document.append(panel(study, number == 1, name, goal, &Scale { left: LEFTS[number], top }));
    }
    document.to_string()
}

/// Where figures are on the page.
struct Scale {
    left: f64,
    /// The ratio at the upper edge. At the lower edge it is 1.
    top: f64,
}

impl Scale {
    fn y(&self, ratio: f64) -> f64 {
        TOP + PLOT_HEIGHT * (self.top - ratio) / (self.top - 1.0)
    }

    /// One column a size, evenly.
    fn x(&self, column: usize) -> f64 {
        let step = (PLOT_WIDTH - 2.0 * INSET) / (figure(SIZES_GIB.len()) - 1.0);
        self.left + INSET + step * figure(column)
    }
}

fn figure(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The next full step above everything that is drawn.
fn top_of_scale(study: &Study) -> f64 {
    let both = [false, true].into_iter();
    let all = both.flat_map(|moves| {
        let of_size = move |gib| PROJECTS.map(|it| study.over_optimum(gib, it, moves));
        SIZES_GIB.into_iter().flat_map(of_size).flatten()
    });
    let highest = all.map(|it| it.mean + it.deviation).fold(GOALS.alone, f64::max);
    1.0 + ((highest - 1.0) / STEP).ceil() * STEP
}

fn panel(study: &Study, moves: bool, name: &str, goal: f64, scale: &Scale) -> Group {
    let mut group = Group::new().add(label(name, scale.left, TOP - 14.0, "head"));
    let mut ratio = 1.0;
    while ratio < scale.top + STEP / 2.0 {
        group.append(across(scale, ratio, "grid"));
        let text = label(&format!("{ratio:.2}"), scale.left - 8.0, scale.y(ratio) + 4.5, "");
        group.append(text.set("text-anchor", "end"));
        ratio += STEP;
    }
    group.append(across(scale, goal, "goal"));
    let goal_name = format!("goal {goal:.2}");
    let in_head = label(&goal_name, scale.left + PLOT_WIDTH, TOP - 14.0, "goal-name");
    group.append(in_head.set("text-anchor", "end"));
    for (column, gib) in SIZES_GIB.into_iter().enumerate() {
        let below = label(&format!("{gib} GiB"), scale.x(column), TOP + PLOT_HEIGHT + 22.0, "");
        group.append(below.set("text-anchor", "middle"));
    }
    for (number, projects) in PROJECTS.into_iter().enumerate() {
        group.append(line(study, moves, projects, number, scale));
    }
    group
}

fn across(scale: &Scale, ratio: f64, class: &str) -> Line {
    stroke((scale.left, scale.y(ratio)), (scale.left + PLOT_WIDTH, scale.y(ratio)), class)
}

fn line(study: &Study, moves: bool, projects: u32, number: usize, scale: &Scale) -> Group {
    let columns = SIZES_GIB.into_iter().enumerate();
    let points: Vec<_> = columns
        .filter_map(|(column, gib)| {
            Some((scale.x(column), study.over_optimum(gib, projects, moves)?))
        })
        .collect();
    let corners: Vec<String> =
        points.iter().map(|(x, it)| format!("{x:.1},{:.1}", scale.y(it.mean))).collect();
    let class = format!("line l{number}");
    let path = Polyline::new().set("points", corners.join(" ")).set("class", class);
    let mut group = Group::new().add(path);
    for (x, it) in points {
        let ends = [it.mean - it.deviation, it.mean + it.deviation].map(|end| (x, scale.y(end)));
        group.append(stroke(ends[0], ends[1], &format!("spread l{number}")));
        group.append(mark(x, scale.y(it.mean), number));
    }
    group
}

/// A circle, a square or a square on its corner.
fn mark(x: f64, y: f64, number: usize) -> Group {
    let class = format!("m{number}");
    if number == 0 {
        let circle = Circle::new().set("cx", round(x)).set("cy", round(y)).set("r", 4.5);
        return Group::new().add(circle.set("class", class));
    }
    let half = 4.0;
    let square = Rectangle::new()
        .set("x", round(x - half))
        .set("y", round(y - half))
        .set("width", 2.0 * half)
        .set("height", 2.0 * half)
        .set("class", class);
    if number == 1 {
        return Group::new().add(square);
    }
    Group::new().add(square.set("transform", format!("rotate(45 {x:.1} {y:.1})")))
}

fn legend() -> Group {
    let mut group = Group::new();
    for (number, projects) in PROJECTS.into_iter().enumerate() {
        let (x, y) = (16.0 + 150.0 * figure(number), 76.0);
        group.append(stroke((x, y), (x + 30.0, y), &format!("line l{number}")));
        group.append(mark(x + 15.0, y, number));
        group.append(label(&format!("{projects} projects"), x + 38.0, y + 4.5, ""));
    }
    group
}

fn label(text: &str, x: f64, y: f64, class: &str) -> Text {
    let text = Text::new(text).set("x", round(x)).set("y", round(y));
    if class.is_empty() { text } else { text.set("class", class) }
}

fn stroke(from: (f64, f64), to: (f64, f64), class: &str) -> Line {
    Line::new()
        .set("x1", round(from.0))
        .set("y1", round(from.1))
        .set("x2", round(to.0))
        .set("y2", round(to.1))
        .set("class", class)
}

/// A tenth of a pixel is enough, and keeps differences between two charts readable.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
