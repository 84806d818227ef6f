//! One line a step, written when the step ends; on a terminal, a spinner while it runs.

use std::{
    io::{IsTerminal, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use support::clock;
use tokio::task::JoinHandle;

const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_TIME: Duration = Duration::from_millis(90);
const ERASE_LINE: &str = "\r\x1b[2K";

pub struct Screen {
    canvas: Arc<Mutex<Canvas>>,
    ticker: Option<JoinHandle<()>>,
}

struct Canvas {
    out: Box<dyn Write + Send>,
    live: bool,
    running: Option<(String, Instant)>,
    frame: usize,
}

#[derive(Clone, Copy)]
enum Paint {
    Bold = 1,
    Dim = 2,
    Red = 31,
    Green = 32,
    Yellow = 33,
    Cyan = 36,
}

impl Screen {
    /// Lively on a terminal, unless `plain`.
    pub fn on_stdout(plain: bool) -> Self {
        let out = std::io::stdout();
        let live = out.is_terminal() && !plain;
        Self::on(Box::new(out), live)
    }

    fn on(out: Box<dyn Write + Send>, live: bool) -> Self {
        let canvas = Arc::new(Mutex::new(Canvas { out, live, running: None, frame: 0 }));
        let ticker = live.then(|| tokio::spawn(spin(canvas.clone())));
        Self { canvas, ticker }
    }

    fn canvas(&self) -> MutexGuard<'_, Canvas> {
        self.canvas.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn title(&self, title: &str, detail: &str) {
        let mut canvas = self.canvas();
        let line =
            format!("{}  {}", canvas.paint(Paint::Bold, title), canvas.paint(Paint::Dim, detail));
        canvas.line("");
        canvas.line(&format!("  {line}"));
    }

    pub(super) fn section(&self, title: &str) {
        let mut canvas = self.canvas();
        let title = canvas.paint(Paint::Bold, title);
        canvas.line("");
        canvas.line(&format!("  {title}"));
    }

    /// A step runs from now on. One that was left running is forgotten.
    pub(super) fn begin(&self, during: &str) {
        let mut canvas = self.canvas();
        canvas.running = Some((during.to_owned(), clock::stopwatch()));
        canvas.spin();
    }

    /// The running step is done.
    pub(super) fn done(&self, after: &str) {
        self.done_in(after, None);
    }

    /// As [`Screen::done`], with a time that was measured elsewhere.
    pub(super) fn done_in(&self, after: &str, took: Option<Duration>) {
        self.canvas().end("✓", Paint::Green, after, took);
    }

    /// The running step was taken back.
    pub(super) fn undone(&self, after: &str, took: Option<Duration>) {
        self.canvas().end("↺", Paint::Yellow, after, took);
    }

    /// The step that is called so failed, whether it was seen running or not.
    pub(super) fn failed(&self, during: &str, took: Option<Duration>) {
        self.canvas().end("✗", Paint::Red, during, took);
    }

    /// The running step, if there is one, failed.
    pub(super) fn fail(&self) {
        let mut canvas = self.canvas();
        if let Some((during, _)) = &canvas.running {
            let during = during.clone();
            canvas.end("✗", Paint::Red, &during, None);
        }
    }

    /// `label` in a column of its own, `text` beside it.
    pub(super) fn quote(&self, label: &str, text: &str) {
        let mut canvas = self.canvas();
        let label = canvas.paint(Paint::Cyan, &format!("{label:<9}"));
        for (number, line) in text.lines().enumerate() {
            let margin = if number == 0 { label.clone() } else { " ".repeat(9) };
            canvas.line(&format!("    {margin}{line}"));
        }
    }

    pub(super) fn gap(&self) {
        self.canvas().line("");
    }

    /// What stopped it and where to look, for a person who sees this for the first time.
    pub(super) fn trouble(&self, what: &str, places: &[String]) {
        let mut canvas = self.canvas();
        let what = canvas.paint(Paint::Red, what);
        canvas.line("");
        canvas.line(&format!("  The demo stopped: {what}"));
        canvas.line("");
        canvas.line("  Where to look:");
        for place in places {
            canvas.line(&format!("    {place}"));
        }
        canvas.line("");
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(ticker) = &self.ticker {
            ticker.abort();
        }
        self.canvas().erase();
    }
}

async fn spin(canvas: Arc<Mutex<Canvas>>) {
    loop {
        clock::pause(FRAME_TIME).await;
        canvas.lock().unwrap_or_else(PoisonError::into_inner).spin();
    }
}

impl Canvas {
    /// A screen that is gone is no reason to stop, so failures to write are ignored.
    fn write(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }

    fn line(&mut self, text: &str) {
        self.erase();
        self.write(&format!("{text}\n"));
    }

    fn erase(&mut self) {
        if self.live {
            self.write(ERASE_LINE);
        }
    }

    fn spin(&mut self) {
        let Some((during, since)) = self.running.clone().filter(|_| self.live) else { return };
        self.frame = (self.frame + 1) % FRAMES.len();
        let frame = self.paint(Paint::Cyan, FRAMES[self.frame]);
        let time = self.paint(Paint::Dim, &seconds(since.elapsed()));
        self.write(&format!("{ERASE_LINE}    {frame} {time}  {during} …"));
    }

    fn end(&mut self, mark: &str, paint: Paint, text: &str, took: Option<Duration>) {
        let measured = self.running.take().map(|(_, since)| since.elapsed());
        let mark = self.paint(paint, mark);
        let time = took.or(measured).map(seconds).unwrap_or_default();
        let time = self.paint(Paint::Dim, &format!("{time:>8}"));
        self.line(&format!("    {mark} {time}  {text}"));
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        if !self.live {
            return text.to_owned();
        }
        format!("\x1b[{}m{text}\x1b[0m", paint as u8)
    }
}

/// In a column of eight characters.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:>7.2}s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(text)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Paper {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    #[test]
    fn without_a_terminal_it_writes_one_plain_line_a_step() {
        let paper = Paper::default();
        let screen = Screen::on(Box::new(paper.clone()), false);
        screen.begin("Signing up");
        screen.done_in("signed up", Some(Duration::from_millis(1500)));
        screen.begin("Launching");
        screen.fail();
        screen.fail();
        let text = paper.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "    ✓    1.50s  signed up");
        assert!(lines[1].starts_with("    ✗ ") && lines[1].ends_with("Launching"), "{text}");
        assert_eq!(lines.len(), 2, "nothing runs, so nothing fails twice");
    }

    #[tokio::test]
    async fn on_a_terminal_the_spinner_shows_what_runs() {
        let paper = Paper::default();
        let screen = Screen::on(Box::new(paper.clone()), true);
        screen.begin("Launching");
        let text = paper.text();
        assert!(text.contains("Launching …") && !text.contains('\n'), "{text:?}");
    }
}
