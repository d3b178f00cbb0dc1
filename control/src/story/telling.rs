//! Events as lines. A step is one line, at its end: what it came to, how long it took and how often it was tried.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use temporalio_common::protos::temporal::api::common::v1::{Payloads, WorkflowExecution};
use temporalio_common::protos::temporal::api::enums::v1::TimeoutType;
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::history::v1::{
    ActivityTaskStartedEventAttributes, HistoryEvent, UpsertWorkflowSearchAttributesEventAttributes,
    WorkflowExecutionStartedEventAttributes,
};
use temporalio_common::protos::temporal::api::update::v1::outcome::Value as Outcome;

use super::Run;
use super::lines::{Line, answer, carried, lasting, phrase, summary};
use crate::{failures, moment};

pub(super) fn tell(events: &[HistoryEvent], run: String) -> Run {
    let mut telling = Telling::default();
    for event in events {
        telling.hear(event);
    }
    telling.end(run)
}

/// Something that was begun, until its end is heard of.
struct Begun {
    name: String,
    at: Option<DateTime<Utc>>,
    input: Value,
}

#[derive(Default)]
struct Telling {
    kind: String,
    began: Option<DateTime<Utc>>,
    ended: Option<DateTime<Utc>>,
    lines: Vec<Line>,
    /// By the event that began them.
    steps: HashMap<i64, Begun>,
    tries: HashMap<i64, (i32, Option<String>)>,
    timers: HashMap<i64, Begun>,
    updates: HashMap<i64, Begun>,
}

impl Telling {
    /// Whether it is part of the story. What only the engine and its workers say to each other is not.
    fn hear(&mut self, event: &HistoryEvent) -> bool {
        let at = moment(event.event_time.as_ref());
        let Some(what) = &event.attributes else { return false };
        self.of_the_run(at, what)
            || self.of_steps(event.event_id, at, what)
            || self.of_waits(event, at, what)
            || self.of_others(event.event_id, at, what)
    }

    fn say(&mut self, at: Option<DateTime<Utc>>, what: &'static str, words: String, carried: Value) {
        self.lines.push(Line { at, what, words, carried });
    }

    /// How it begins and ends.
    fn of_the_run(&mut self, at: Option<DateTime<Utc>>, what: &Attributes) -> bool {
        match what {
            Attributes::WorkflowExecutionStartedEventAttributes(started) => self.begin(at, started),
            Attributes::WorkflowExecutionCompletedEventAttributes(end) => {
                let result = answer(end.result.as_ref());
                self.finish(at, "ends", format!("ends{}", with(&result)), result);
            }
            Attributes::WorkflowExecutionFailedEventAttributes(end) => {
                self.finish(at, "fails", format!("fails{}", because(end.failure.as_ref())), Value::Null);
            }
            Attributes::WorkflowExecutionCanceledEventAttributes(_) => {
                self.finish(at, "cancelled", "ends, because it was asked to stop".to_owned(), Value::Null);
            }
            Attributes::WorkflowExecutionTimedOutEventAttributes(_) => {
                self.finish(
                    at,
                    "timed_out",
                    "is ended by the engine: its time is over".to_owned(),
                    Value::Null,
                );
            }
            // The reason is somebody's own words.
            Attributes::WorkflowExecutionTerminatedEventAttributes(_) => {
                self.finish(at, "terminated", "is ended by hand".to_owned(), Value::Null);
            }
            Attributes::WorkflowExecutionContinuedAsNewEventAttributes(_) => {
                let words = "has become long, and goes on as a new run".to_owned();
                self.finish(at, "continued", words, Value::Null);
            }
            _ => return false,
        }
        true
    }

    fn begin(&mut self, at: Option<DateTime<Utc>>, started: &WorkflowExecutionStartedEventAttributes) {
        self.kind = started.workflow_type.as_ref().map(|kind| kind.name.clone()).unwrap_or_default();
        self.began = at;
        let input = carried(started.input.as_ref());
        let by =
            started.parent_workflow_execution.as_ref().map(|parent| format!(" by {}", parent.workflow_id));
        let begins = if started.continued_execution_run_id.is_empty() {
            format!("begins as {}{}", self.kind, by.unwrap_or_default())
        } else {
            "goes on".to_owned()
        };
        self.say(at, "begins", format!("{begins}{}", with(&input)), input);
    }

    fn finish(&mut self, at: Option<DateTime<Utc>>, what: &'static str, words: String, carried: Value) {
        self.ended = at;
        self.say(at, what, words, carried);
    }

    /// Steps that it asks for.
    fn of_steps(&mut self, id: i64, at: Option<DateTime<Utc>>, what: &Attributes) -> bool {
        match what {
            Attributes::ActivityTaskScheduledEventAttributes(step) => {
                let name = step.activity_type.as_ref().map(|kind| kind.name.clone()).unwrap_or_default();
                self.steps.insert(id, Begun { name, at, input: carried(step.input.as_ref()) });
            }
            Attributes::ActivityTaskStartedEventAttributes(step) => self.tried(step),
            Attributes::ActivityTaskCompletedEventAttributes(end) => {
                self.step_ends(at, end.scheduled_event_id, "step", "", answer(end.result.as_ref()));
            }
            Attributes::ActivityTaskFailedEventAttributes(end) => {
                let why = format!(" fails{}", because(end.failure.as_ref()));
                self.step_ends(at, end.scheduled_event_id, "step_failed", &why, Value::Null);
            }
            Attributes::ActivityTaskTimedOutEventAttributes(end) => {
                self.step_ends(
                    at,
                    end.scheduled_event_id,
                    "step_failed",
                    " has not ended in time",
                    Value::Null,
                );
            }
            Attributes::ActivityTaskCanceledEventAttributes(end) => {
                self.step_ends(at, end.scheduled_event_id, "step_cancelled", " is called off", Value::Null);
            }
            _ => return false,
        }
        true
    }

    fn tried(&mut self, step: &ActivityTaskStartedEventAttributes) {
        let failed = step.last_failure.as_ref().map(failures::told);
        self.tries.insert(step.scheduled_event_id, (step.attempt, failed));
    }

    fn step_ends(
        &mut self,
        at: Option<DateTime<Utc>>,
        step: i64,
        what: &'static str,
        came: &str,
        result: Value,
    ) {
        let Some(begun) = self.steps.remove(&step) else { return };
        let (attempt, failed) = self.tries.remove(&step).unwrap_or((1, None));
        let mut words = format!("{}{came}{}", begun.name, with(&result));
        if let Some(took) = between(begun.at, at) {
            words = format!("{words}, {}", lasting(took));
        }
        if attempt > 1 {
            words = format!("{words}, at the {} try", nth(attempt));
            if let Some(failed) = failed {
                words = format!("{words} (before that: {failed})");
            }
        }
        self.say(at, what, words, result);
    }

    /// Times that it waits for.
    fn of_waits(&mut self, event: &HistoryEvent, at: Option<DateTime<Utc>>, what: &Attributes) -> bool {
        match what {
            Attributes::TimerStartedEventAttributes(timer) => {
                let summary = event.user_metadata.as_ref().and_then(|said| summary(said.summary.as_ref()?));
                let name = summary.unwrap_or_else(|| "a while".to_owned());
                let length = timer
                    .start_to_fire_timeout
                    .and_then(|time| TimeDelta::new(time.seconds, u32::try_from(time.nanos).ok()?));
                let length = length.map(|time| format!(" for {}", lasting(time))).unwrap_or_default();
                self.say(at, "waits", format!("waits{length}: {name}"), Value::Null);
                self.timers.insert(event.event_id, Begun { name, at, input: Value::Null });
            }
            Attributes::TimerFiredEventAttributes(fired) => {
                if let Some(timer) = self.timers.remove(&fired.started_event_id) {
                    let took = between(timer.at, at).map(|time| format!(", after {}", lasting(time)));
                    let words = format!("its time has come: {}{}", timer.name, took.unwrap_or_default());
                    self.say(at, "time", words, Value::Null);
                }
            }
            Attributes::TimerCanceledEventAttributes(woken) => {
                if let Some(timer) = self.timers.remove(&woken.started_event_id) {
                    self.say(at, "woken", format!("waits no longer: {}", timer.name), Value::Null);
                }
            }
            Attributes::WorkflowExecutionTimeSkippingTransitionedEventAttributes(_) => {
                self.say(at, "moved", "its time is moved (sandbox)".to_owned(), Value::Null);
            }
            _ => return false,
        }
        true
    }

    /// What it is told and asked, and what it starts.
    fn of_others(&mut self, id: i64, at: Option<DateTime<Utc>>, what: &Attributes) -> bool {
        match what {
            Attributes::WorkflowExecutionSignaledEventAttributes(told) => {
                let told_of = carried(told.input.as_ref());
                self.say(at, "signal", format!("hears {}{}", told.signal_name, with(&told_of)), told_of);
            }
            Attributes::WorkflowExecutionUpdateAcceptedEventAttributes(asked) => {
                let input = asked.accepted_request.as_ref().and_then(|request| request.input.as_ref());
                let name = input.map(|input| input.name.clone()).unwrap_or_default();
                let args = carried(input.and_then(|input| input.args.as_ref()));
                self.say(at, "update", format!("is asked to {name}{}", with(&args)), args);
                self.updates.insert(id, Begun { name, at, input: Value::Null });
            }
            Attributes::WorkflowExecutionUpdateCompletedEventAttributes(answered) => {
                let outcome = answered.outcome.as_ref().and_then(|outcome| outcome.value.as_ref());
                self.answered(at, answered.accepted_event_id, outcome);
            }
            Attributes::WorkflowExecutionCancelRequestedEventAttributes(_) => {
                self.say(at, "cancel", "is asked to stop".to_owned(), Value::Null);
            }
            Attributes::UpsertWorkflowSearchAttributesEventAttributes(said) => self.stands(at, said),
            Attributes::MarkerRecordedEventAttributes(marker) if marker.marker_name.contains("patch") => {
                self.say(at, "patch", "goes the way of newer code from here on".to_owned(), Value::Null);
            }
            Attributes::WorkflowTaskFailedEventAttributes(failed) => {
                let cause = failed.cause().as_str_name().trim_start_matches("WORKFLOW_TASK_FAILED_CAUSE_");
                let cause = cause.to_ascii_lowercase();
                let why = because(failed.failure.as_ref());
                self.say(at, "stumbles", format!("its code stumbles ({cause}){why}"), Value::Null);
            }
            Attributes::WorkflowTaskTimedOutEventAttributes(late)
                if late.timeout_type() == TimeoutType::StartToClose =>
            {
                self.say(at, "stumbles", "a worker took too long over it, or died".to_owned(), Value::Null);
            }
            _ => return self.of_children(at, what),
        }
        true
    }

    fn answered(&mut self, at: Option<DateTime<Utc>>, update: i64, outcome: Option<&Outcome>) {
        let name = self.updates.remove(&update).map(|begun| begun.name).unwrap_or_default();
        let (words, said) = match outcome {
            Some(Outcome::Success(came)) => {
                let came = answer(Some(came));
                (format!("answers {name}{}", with(&came)), came)
            }
            Some(Outcome::Failure(failure)) => {
                (format!("does not answer {name}{}", because(Some(failure))), Value::Null)
            }
            None => (format!("answers {name}"), Value::Null),
        };
        self.say(at, "answer", words, said);
    }

    /// Where it says that it stands. Attributes are plain: they hold ids and words of ours.
    fn stands(&mut self, at: Option<DateTime<Utc>>, said: &UpsertWorkflowSearchAttributesEventAttributes) {
        let Some(said) = &said.search_attributes else { return };
        let mut told = Vec::new();
        let read = |name: &str| serde_json::from_slice::<Value>(&said.indexed_fields.get(name)?.data).ok();
        if let Some(status) = read("WoloStatus") {
            told.push(format!("stands at {}", phrase(&status)));
        }
        match read("DueAt").as_ref().and_then(Value::as_str) {
            Some(never) if never.starts_with("9999") => told.push("is due on no day".to_owned()),
            Some(due) => {
                let due = due.parse().map_or_else(
                    |_| due.to_owned(),
                    |due: DateTime<Utc>| due.format("%-d %b %Y %H:%M").to_string(),
                );
                told.push(format!("is due on {due}"));
            }
            None => {}
        }
        if read("NeedsHuman") == Some(Value::Bool(true)) {
            told.push("needs a person".to_owned());
        }
        if !told.is_empty() {
            self.say(at, "stands", told.join(", "), Value::Null);
        }
    }

    /// Processes that it starts and tells.
    fn of_children(&mut self, at: Option<DateTime<Utc>>, what: &Attributes) -> bool {
        let name = |child: &Option<WorkflowExecution>| {
            child.as_ref().map(|child| child.workflow_id.clone()).unwrap_or_default()
        };
        let ended =
            |telling: &mut Self, child: &Option<WorkflowExecution>, how: &str, result: Option<&Payloads>| {
                let result = answer(result);
                telling.say(at, "child_ends", format!("{} {how}{}", name(child), with(&result)), result);
            };
        match what {
            Attributes::StartChildWorkflowExecutionFailedEventAttributes(child) => {
                let words = format!("cannot begin {}: it runs already", child.workflow_id);
                self.say(at, "child", words, Value::Null);
            }
            Attributes::ChildWorkflowExecutionStartedEventAttributes(child) => {
                self.say(at, "child", format!("begins {}", name(&child.workflow_execution)), Value::Null);
            }
            Attributes::ChildWorkflowExecutionCompletedEventAttributes(child) => {
                ended(self, &child.workflow_execution, "ends", child.result.as_ref());
            }
            Attributes::ChildWorkflowExecutionFailedEventAttributes(child) => {
                ended(self, &child.workflow_execution, "fails", None);
            }
            Attributes::ChildWorkflowExecutionCanceledEventAttributes(child) => {
                ended(self, &child.workflow_execution, "was asked to stop", None);
            }
            Attributes::ChildWorkflowExecutionTerminatedEventAttributes(child) => {
                ended(self, &child.workflow_execution, "was ended by hand", None);
            }
            Attributes::ChildWorkflowExecutionTimedOutEventAttributes(child) => {
                ended(self, &child.workflow_execution, "was not done in time", None);
            }
            Attributes::SignalExternalWorkflowExecutionInitiatedEventAttributes(told) => {
                let words = format!("tells {} of {}", name(&told.workflow_execution), told.signal_name);
                self.say(at, "tells", words, Value::Null);
            }
            _ => return false,
        }
        true
    }

    /// What was asked for and has not been done stands at the end.
    fn end(mut self, run: String) -> Run {
        if self.ended.is_none() {
            let mut open: Vec<_> = std::mem::take(&mut self.steps).into_iter().collect();
            open.sort_by_key(|(id, _)| *id);
            for (_, step) in open {
                let words = format!("has asked for {}, which is not done yet", step.name);
                self.say(step.at, "step_open", words, step.input);
            }
        }
        Run { run, kind: self.kind, began: self.began, ended: self.ended, archived: false, lines: self.lines }
    }
}

fn with(carried: &Value) -> String {
    let phrase = phrase(carried);
    if phrase.is_empty() { phrase } else { format!(": {phrase}") }
}

fn because(failure: Option<&Failure>) -> String {
    failure.map(|failure| format!(": {}", failures::told(failure))).unwrap_or_default()
}

fn between(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Option<TimeDelta> {
    Some(to? - from?)
}

fn nth(number: i32) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
