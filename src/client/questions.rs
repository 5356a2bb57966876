//! The questions about history that a connection has asked. A server answers in
//! order, and names the nonce of one that it refuses.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::command::Sent;
use super::object::Refusal;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);

/// How often a gap is asked about before it is given up.
const MAX_ASKED: u32 = 3;

/// The longest wait before asking again because the server wants one.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// Questions of the program that may wait for their answers.
const MAX_WAITING: usize = 16;

/// What is not answered yet, the oldest question first.
#[derive(Debug, Default)]
pub(super) struct Questions(VecDeque<Question>);

#[derive(Debug)]
struct Question {
    nonce: Value,
    asker: Asker,
    /// When it is overdue or, if it was refused for now, due again.
    due: Instant,
    is_paused: bool,
}

/// For whom a question was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// For the program, which gets the answer.
    Program(Sent),
    /// To fill a gap.
    Gap(Gap),
}

/// A gap in a room's messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) room: String,
    /// The last message before it.
    pub(super) after: u64,
    /// How often it was asked about.
    pub(super) asked: u32,
}

/// What to do about a question whose time has come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// To ask again.
    Ask(Gap),
    /// To do without the answer.
    GiveUp(Asker),
}

impl Questions {
    /// Whether the program has asked as much as it may for now.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MAX_WAITING
    }

    /// A question has been sent.
    pub(super) fn asked(&mut self, nonce: Value, asker: Asker, now: Instant) {
        self.0.push_back(Question { nonce, asker, due: now + ANSWER, is_paused: false });
    }

    /// An answer about this room has come. If it is for a gap, that gap.
    pub(super) fn answered(&mut self, room: &str) -> Option<Gap> {
        let is_answered = |question: &Question| match &question.asker {
            Asker::Program(_) => true,
            Asker::Gap(gap) => gap.room == room && !question.is_paused,
        };
        let index = self.0.iter().position(is_answered)?;
        match self.0.remove(index)?.asker {
            Asker::Gap(gap) => Some(gap),
            Asker::Program(_) => None,
        }
    }

    /// Something was refused. If that was a question which will not be asked
    /// again, whose.
    pub(super) fn refused(&mut self, refusal: &Refusal, now: Instant) -> Option<Asker> {
        let index = self.0.iter().position(|question| question.nonce == refusal.nonce)?;
        let question = &mut self.0[index];
        if let Asker::Gap(gap) = &question.asker
            && gap.asked < MAX_ASKED
            && refusal.passes()
        {
            question.is_paused = true;
            question.due = now + refusal.pause().min(MAX_PAUSE);
            return None;
        }
        Some(self.0.remove(index)?.asker)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|question| question.due).min()
    }

    /// What to do now, one thing at a time.
    pub(super) fn overdue(&mut self, now: Instant) -> Option<Due> {
        let index = self.0.iter().position(|question| question.due <= now)?;
        Some(match self.0.remove(index)?.asker {
            Asker::Gap(gap) if gap.asked < MAX_ASKED => Due::Ask(gap),
            asker => Due::GiveUp(asker),
        })
    }

    /// The connection is over: what the program has asked is not answered any more.
    pub(super) fn end(self) -> impl Iterator<Item = Sent> {
        self.0.into_iter().filter_map(|question| match question.asker {
            Asker::Program(sent) => Some(sent),
            Asker::Gap(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::event::Ticket;

    fn gap(room: &str, asked: u32) -> Gap {
        Gap { room: room.to_owned(), after: 7, asked }
    }

    fn for_gap(room: &str, asked: u32) -> Asker {
        Asker::Gap(gap(room, asked))
    }

    fn for_program(nonce: u64) -> Asker {
        let (ticket, nonce) = (Ticket(nonce), nonce.into());
        Asker::Program(Sent { ticket, content: String::new(), nonce, text: String::new() })
    }

    fn refusal(nonce: u64, code: &str) -> Refusal {
        Refusal {
            code: code.to_owned(),
            words: String::new(),
            nonce: nonce.into(),
            retry_after_ms: Some(100),
            suggestion: None,
        }
    }

    #[test]
    fn answers_belong_to_the_questions_in_their_order() {
        let (mut questions, now) = (Questions::default(), Instant::now());
        questions.asked(1.into(), for_program(1), now);
        questions.asked(2.into(), for_gap("lobby", 1), now);
        assert_eq!(questions.answered("lobby"), None);
        assert_eq!(questions.answered("lobby"), Some(gap("lobby", 1)));
        assert_eq!(questions.answered("lobby"), None);
    }

    #[test]
    fn an_answer_about_another_room_fills_no_gap() {
        let (mut questions, now) = (Questions::default(), Instant::now());
        questions.asked(1.into(), for_gap("lobby", 1), now);
        assert_eq!(questions.answered("rust"), None);
        assert_eq!(questions.answered("lobby"), Some(gap("lobby", 1)));
    }

    #[test]
    fn a_gap_is_asked_about_again_and_given_up_after_the_third_time() {
        let (mut questions, mut now) = (Questions::default(), Instant::now());
        for asked in 1..=MAX_ASKED {
            questions.asked(asked.into(), for_gap("lobby", asked), now);
            assert_eq!(questions.overdue(now), None);
            now = questions.deadline().expect("a deadline");
            let due = questions.overdue(now);
            match asked < MAX_ASKED {
                true => assert_eq!(due, Some(Due::Ask(gap("lobby", asked)))),
                false => assert_eq!(due, Some(Due::GiveUp(for_gap("lobby", asked)))),
            }
        }
        assert_eq!(questions.deadline(), None);
    }

    #[test]
    fn one_that_is_refused_for_now_waits_and_one_that_is_refused_for_good_does_not() {
        let (mut questions, now) = (Questions::default(), Instant::now());
        questions.asked(1.into(), for_gap("lobby", 1), now);
        assert_eq!(questions.refused(&refusal(9, "unknown_type"), now), None);
        assert_eq!(questions.refused(&refusal(1, "rate_limited"), now), None);
        assert_eq!(questions.answered("lobby"), None, "it has been answered: no");
        let due = now + Duration::from_millis(100);
        assert_eq!(questions.deadline(), Some(due));
        assert_eq!(questions.overdue(due), Some(Due::Ask(gap("lobby", 1))));
        questions.asked(2.into(), for_gap("lobby", 2), due);
        assert_eq!(questions.refused(&refusal(2, "unknown_type"), due), Some(for_gap("lobby", 2)));
    }

    #[test]
    fn the_program_hears_of_a_question_that_is_not_answered() {
        let (mut questions, now) = (Questions::default(), Instant::now());
        for nonce in 1..=3u64 {
            questions.asked(nonce.into(), for_program(nonce), now);
        }
        let limited = refusal(1, "rate_limited");
        assert_eq!(questions.refused(&limited, now), Some(for_program(1)));
        assert_eq!(questions.overdue(now + ANSWER), Some(Due::GiveUp(for_program(2))));
        assert_eq!(questions.end().count(), 1);
    }
}
