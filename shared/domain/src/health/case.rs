//! What is remembered of one instance, and what a look makes of it.

use super::{BOOT, Condition, Duty, Look, News, Shortage, Standing, Trouble};
use crate::id::ProjectId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

const MAX_RESTARTS: usize = 3;
/// The restarts that count.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// Halts may be undone. What ran elsewhere already is not moved once more.
const MAX_MOVES: u32 = 2;
/// Before somebody else looks whether a move came to anything.
const MOVE: SignedDuration = SignedDuration::from_mins(15);
/// How long it must be well until its owner is told so, and until nothing is held against it any more.
const STEADY: SignedDuration = SignedDuration::from_mins(2);
const HEALED: SignedDuration = SignedDuration::from_mins(30);
/// A look is over sooner: what it left undone is for another.
const IN_HAND: SignedDuration = SignedDuration::from_secs(60);
/// Between two letters about the same shortage.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What is remembered of an instance that is ill, or was a while ago. There is none of one that is well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub project: ProjectId,
    /// Of what is stored; 0 before that.
    pub version: u64,
    /// Which instance was seen last.
    pub attempt: u32,
    pub standing: Standing,
    pub since: Timestamp,
    pub trouble: Option<Trouble>,
    ill_since: Option<Timestamp>,
    /// Ours of the last hour, oldest first.
    restarts: Vec<Timestamp>,
    moves: u32,
    /// When it was moved last, and which attempt away from.
    moved: Option<(Timestamp, u32)>,
    /// Its owner knows that it is unwell.
    told: bool,
    /// Within the last day, each once.
    pub short_of: Vec<Shortage>,
    /// Decided, and not known to be done.
    pub owed: Vec<Duty>,
    /// When that was decided.
    owed_since: Option<Timestamp>,
}

impl Case {
    /// Of an instance that was well until now.
    pub fn open(project: ProjectId, attempt: u32, at: Timestamp) -> Self {
        Self {
            project,
            version: 0,
            attempt,
            standing: Standing::Ok,
            since: at,
            trouble: None,
            ill_since: None,
            restarts: Vec::new(),
            moves: 0,
            moved: None,
            told: false,
            short_of: Vec::new(),
            owed: Vec::new(),
            owed_since: None,
        }
    }

    /// What `look` makes of it. What is to be done is in `owed`; nobody looks on before that is done.
    #[must_use]
    pub fn after(&self, look: &Look) -> Self {
        let mut next = self.clone();
        if next.attempt != look.attempt {
            // Another instance: what ailed the last one ails it no more.
            (next.attempt, next.ill_since) = (look.attempt, None);
        }
        next.restarts.retain(|it| look.at.duration_since(*it) < WINDOW);
        match look.condition.ailment() {
            Some((trouble, patience)) => next.treat(look, trouble, patience),
            None if look.condition == Condition::Well => next.recover(look.at),
            None => (),
        }
        next.note_shortages(look);
        next.owed_since = (!next.owed.is_empty()).then_some(look.at);
        next
    }

    /// Everything that was owed is done.
    #[must_use]
    pub fn settled(&self) -> Self {
        Self { owed: Vec::new(), owed_since: None, ..self.clone() }
    }

    /// Whether whoever decided what is owed may still be doing it.
    pub fn is_in_hand(&self, now: Timestamp) -> bool {
        self.owed_since.is_some_and(|it| now.duration_since(it) < IN_HAND)
    }

    /// The same, as it is stored.
    #[must_use]
    pub fn at_version(self, version: u64) -> Self {
        Self { version, ..self }
    }

    /// Whether there is nothing more to remember.
    pub fn is_over(&self, now: Timestamp) -> bool {
        let is_old = |at: Timestamp, age| now.duration_since(at) >= age;
        self.standing == Standing::Ok
            && is_old(self.since, HEALED)
            && self.restarts.iter().all(|it| is_old(*it, WINDOW))
            && self.short_of.iter().all(|it| is_old(it.told_at, DAY))
            && self.owed.is_empty()
            && !self.told
    }

    fn treat(&mut self, look: &Look, trouble: Trouble, patience: SignedDuration) {
        let now = look.at;
        let ill_since = *self.ill_since.get_or_insert(now);
        let since = self.last_act().map_or(ill_since, |it| it.max(ill_since));
        self.trouble = Some(trouble);
        if now.duration_since(since) < patience || now < self.next_act() {
            let in_hope = if self.told { Standing::Unwell } else { look.condition.in_hope() };
            return self.stand(in_hope, now);
        }
        let helps = !matches!(trouble, Trouble::Refusing | Trouble::Gone);
        if helps && self.restarts.len() < MAX_RESTARTS {
            self.restart(trouble, now);
        } else if self.was_moved() || self.moves >= MAX_MOVES {
            self.give_up(trouble, now);
        } else {
            self.go_elsewhere(trouble, now);
        }
    }

    /// The first one may be all that was missing; of the second the owner is told.
    fn restart(&mut self, trouble: Trouble, now: Timestamp) {
        self.restarts.push(now);
        self.owed.push(Duty::Restart { asked_at: now });
        if self.restarts.len() > 1 {
            self.tell_unwell(trouble, now);
        } else {
            self.stand(Standing::Restarting, now);
        }
    }

    fn go_elsewhere(&mut self, trouble: Trouble, now: Timestamp) {
        self.moves += 1;
        self.moved = Some((now, self.attempt));
        self.owed.push(Duty::Move);
        self.tell_unwell(trouble, now);
    }

    fn give_up(&mut self, trouble: Trouble, now: Timestamp) {
        self.owed.push(Duty::GiveUp { trouble });
        self.owed.push(Duty::Tell { news: News::GivenUp { trouble } });
        self.stand(Standing::Unwell, now);
    }

    fn tell_unwell(&mut self, trouble: Trouble, now: Timestamp) {
        self.stand(Standing::Unwell, now);
        if !self.told {
            self.told = true;
            self.owed.push(Duty::Tell { news: News::Unwell { trouble } });
        }
    }

    fn recover(&mut self, now: Timestamp) {
        (self.ill_since, self.trouble) = (None, None);
        self.stand(Standing::Ok, now);
        if self.told && now.duration_since(self.since) >= STEADY {
            self.told = false;
            self.owed.push(Duty::Tell { news: News::WellAgain });
        }
    }

    fn note_shortages(&mut self, look: &Look) {
        self.short_of.retain(|it| look.at.duration_since(it.told_at) < DAY);
        for &resource in &look.short_of {
            if self.short_of.iter().all(|it| it.resource != resource) {
                self.short_of.push(Shortage { resource, told_at: look.at });
                self.owed.push(Duty::Tell { news: News::Short { resource } });
            }
        }
    }

    fn stand(&mut self, standing: Standing, now: Timestamp) {
        if self.standing != standing {
            (self.standing, self.since) = (standing, now);
        }
    }

    fn last_act(&self) -> Option<Timestamp> {
        self.restarts.last().copied().max(self.moved.map(|(at, _)| at))
    }

    /// Each restart waits twice as long as the one before, and never less than a boot.
    fn next_act(&self) -> Timestamp {
        let after_restart = self.restarts.last().map(|last| {
            let doubled = SignedDuration::from_mins(1 << (self.restarts.len() - 1));
            *last + doubled.max(BOOT)
        });
        let moving = self.moved.filter(|_| !self.was_moved());
        let after_move = moving.map(|(at, _)| at + MOVE);
        after_restart.max(after_move).unwrap_or(Timestamp::MIN)
    }

    /// Whether it runs elsewhere by now than where it fell ill.
    fn was_moved(&self) -> bool {
        self.moved.is_some_and(|(_, from)| self.attempt > from)
    }
}
