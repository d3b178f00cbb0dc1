//! An event without what it carried: only what is named here is kept, and a payload is not among it.
//!
//! Kept are names (of types, steps, signals, questions, other processes), instants, what a wait is for, where a process said that it
//! stands, and what kind of failure there was, in its words. Words of failures are ours and hold ids and codes; what they quote is
//! not kept all the same, because a reader of data quotes what it could not read. Of a fault of the code only its kind is kept.
//! What only the engine and its workers say to each other is no part of a story.

use temporalio_common::protos::temporal::api::common::v1::{
    ActivityType, Payload, Payloads, SearchAttributes,
};
use temporalio_common::protos::temporal::api::enums::v1::TimeoutType;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;
use temporalio_common::protos::temporal::api::failure::v1::{
    ApplicationFailureInfo, Failure, TimeoutFailureInfo,
};
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::history::v1::{
    ActivityTaskCanceledEventAttributes, ActivityTaskCompletedEventAttributes,
    ActivityTaskFailedEventAttributes, ActivityTaskScheduledEventAttributes,
    ActivityTaskStartedEventAttributes, ActivityTaskTimedOutEventAttributes,
    ChildWorkflowExecutionCanceledEventAttributes, ChildWorkflowExecutionCompletedEventAttributes,
    ChildWorkflowExecutionFailedEventAttributes, ChildWorkflowExecutionStartedEventAttributes,
    ChildWorkflowExecutionTerminatedEventAttributes, ChildWorkflowExecutionTimedOutEventAttributes,
    HistoryEvent, MarkerRecordedEventAttributes, SignalExternalWorkflowExecutionInitiatedEventAttributes,
    StartChildWorkflowExecutionFailedEventAttributes, TimerCanceledEventAttributes,
    TimerFiredEventAttributes, TimerStartedEventAttributes, UpsertWorkflowSearchAttributesEventAttributes,
    WorkflowExecutionCancelRequestedEventAttributes, WorkflowExecutionCanceledEventAttributes,
    WorkflowExecutionCompletedEventAttributes, WorkflowExecutionContinuedAsNewEventAttributes,
    WorkflowExecutionFailedEventAttributes, WorkflowExecutionSignaledEventAttributes,
    WorkflowExecutionStartedEventAttributes, WorkflowExecutionTerminatedEventAttributes,
    WorkflowExecutionTimeSkippingTransitionedEventAttributes, WorkflowExecutionTimedOutEventAttributes,
    WorkflowExecutionUpdateAcceptedEventAttributes, WorkflowExecutionUpdateCompletedEventAttributes,
    WorkflowTaskFailedEventAttributes, WorkflowTaskTimedOutEventAttributes,
};
use temporalio_common::protos::temporal::api::sdk::v1::UserMetadata;
use temporalio_common::protos::temporal::api::update::v1::outcome::Value as Answer;
use temporalio_common::protos::temporal::api::update::v1::{Input, Outcome, Request};

/// Where a process says that it stands. Others are ids that its name has already.
const STANDING: [&str; 3] = ["WoloStatus", "DueAt", "NeedsHuman"];

/// An event that is decrypted already, without what it carried; nothing of what is no part of the story.
pub(super) fn bare(event: &HistoryEvent) -> Option<HistoryEvent> {
    let what = event.attributes.as_ref()?;
    let attributes = of_the_run(what)
        .or_else(|| of_steps(what))
        .or_else(|| of_waits(what))
        .or_else(|| of_questions(what))
        .or_else(|| of_others(what))?;
    Some(HistoryEvent {
        event_id: event.event_id,
        event_time: event.event_time,
        event_type: event.event_type,
        user_metadata: summary(event, &attributes),
        attributes: Some(attributes),
        ..HistoryEvent::default()
    })
}

/// How it begins and ends.
fn of_the_run(what: &Attributes) -> Option<Attributes> {
    use Attributes as A;
    Some(match what {
        A::WorkflowExecutionStartedEventAttributes(started) => {
            A::WorkflowExecutionStartedEventAttributes(WorkflowExecutionStartedEventAttributes {
                workflow_type: started.workflow_type.clone(),
                parent_workflow_execution: started.parent_workflow_execution.clone(),
                continued_execution_run_id: started.continued_execution_run_id.clone(),
                ..Default::default()
            })
        }
        A::WorkflowExecutionCompletedEventAttributes(_) => {
            A::WorkflowExecutionCompletedEventAttributes(WorkflowExecutionCompletedEventAttributes::default())
        }
        A::WorkflowExecutionFailedEventAttributes(end) => {
            A::WorkflowExecutionFailedEventAttributes(WorkflowExecutionFailedEventAttributes {
                failure: end.failure.as_ref().map(failure),
                ..Default::default()
            })
        }
        A::WorkflowExecutionCanceledEventAttributes(_) => {
            A::WorkflowExecutionCanceledEventAttributes(WorkflowExecutionCanceledEventAttributes::default())
        }
        A::WorkflowExecutionTimedOutEventAttributes(_) => {
            A::WorkflowExecutionTimedOutEventAttributes(WorkflowExecutionTimedOutEventAttributes::default())
        }
        A::WorkflowExecutionTerminatedEventAttributes(_) => A::WorkflowExecutionTerminatedEventAttributes(
            WorkflowExecutionTerminatedEventAttributes::default(),
        ),
        A::WorkflowExecutionContinuedAsNewEventAttributes(end) => {
            A::WorkflowExecutionContinuedAsNewEventAttributes(
                WorkflowExecutionContinuedAsNewEventAttributes {
                    new_execution_run_id: end.new_execution_run_id.clone(),
                    ..Default::default()
                },
            )
        }
        _ => return None,
    })
}

/// Steps that it asks for.
fn of_steps(what: &Attributes) -> Option<Attributes> {
    use Attributes as A;
    Some(match what {
        A::ActivityTaskScheduledEventAttributes(step) => {
            let name = step.activity_type.as_ref().map(|kind| kind.name.clone()).unwrap_or_default();
            A::ActivityTaskScheduledEventAttributes(ActivityTaskScheduledEventAttributes {
                activity_type: Some(ActivityType { name }),
                ..Default::default()
            })
        }
        A::ActivityTaskStartedEventAttributes(step) => {
            A::ActivityTaskStartedEventAttributes(ActivityTaskStartedEventAttributes {
                scheduled_event_id: step.scheduled_event_id,
                attempt: step.attempt,
                last_failure: step.last_failure.as_ref().map(failure),
                ..Default::default()
            })
        }
        A::ActivityTaskCompletedEventAttributes(end) => {
            A::ActivityTaskCompletedEventAttributes(ActivityTaskCompletedEventAttributes {
                scheduled_event_id: end.scheduled_event_id,
                ..Default::default()
            })
        }
        A::ActivityTaskFailedEventAttributes(end) => {
            A::ActivityTaskFailedEventAttributes(ActivityTaskFailedEventAttributes {
                scheduled_event_id: end.scheduled_event_id,
                failure: end.failure.as_ref().map(failure),
                ..Default::default()
            })
        }
        A::ActivityTaskTimedOutEventAttributes(end) => {
            A::ActivityTaskTimedOutEventAttributes(ActivityTaskTimedOutEventAttributes {
                scheduled_event_id: end.scheduled_event_id,
                ..Default::default()
            })
        }
        A::ActivityTaskCanceledEventAttributes(end) => {
            A::ActivityTaskCanceledEventAttributes(ActivityTaskCanceledEventAttributes {
                scheduled_event_id: end.scheduled_event_id,
                ..Default::default()
            })
        }
        _ => return None,
    })
}

/// Times that it waits for.
fn of_waits(what: &Attributes) -> Option<Attributes> {
    use Attributes as A;
    Some(match what {
        A::TimerStartedEventAttributes(timer) => {
            A::TimerStartedEventAttributes(TimerStartedEventAttributes {
                start_to_fire_timeout: timer.start_to_fire_timeout,
                ..Default::default()
            })
        }
        A::TimerFiredEventAttributes(fired) => A::TimerFiredEventAttributes(TimerFiredEventAttributes {
            started_event_id: fired.started_event_id,
            ..Default::default()
        }),
        A::TimerCanceledEventAttributes(woken) => {
            A::TimerCanceledEventAttributes(TimerCanceledEventAttributes {
                started_event_id: woken.started_event_id,
                ..Default::default()
            })
        }
        A::WorkflowExecutionTimeSkippingTransitionedEventAttributes(_) => {
            A::WorkflowExecutionTimeSkippingTransitionedEventAttributes(
                WorkflowExecutionTimeSkippingTransitionedEventAttributes::default(),
            )
        }
        _ => return None,
    })
}

/// What it is told and asked, and what it says.
fn of_questions(what: &Attributes) -> Option<Attributes> {
    use Attributes as A;
    Some(match what {
        A::WorkflowExecutionSignaledEventAttributes(told) => {
            A::WorkflowExecutionSignaledEventAttributes(WorkflowExecutionSignaledEventAttributes {
                signal_name: told.signal_name.clone(),
                ..Default::default()
            })
        }
        A::WorkflowExecutionUpdateAcceptedEventAttributes(asked) => {
            let input = asked.accepted_request.as_ref().and_then(|request| request.input.as_ref());
            let name = input.map(|input| input.name.clone()).unwrap_or_default();
            A::WorkflowExecutionUpdateAcceptedEventAttributes(
                WorkflowExecutionUpdateAcceptedEventAttributes {
                    accepted_request: Some(Request {
                        input: Some(Input { name, ..Default::default() }),
                        ..Default::default()
                    }),
                    ..Default::default()
                },
            )
        }
        A::WorkflowExecutionUpdateCompletedEventAttributes(answered) => {
            let value = answered.outcome.as_ref().and_then(|outcome| outcome.value.as_ref());
            let value = value.map(|value| match value {
                Answer::Success(_) => Answer::Success(Payloads::default()),
                Answer::Failure(failed) => Answer::Failure(failure(failed)),
            });
            A::WorkflowExecutionUpdateCompletedEventAttributes(
                WorkflowExecutionUpdateCompletedEventAttributes {
                    accepted_event_id: answered.accepted_event_id,
                    outcome: Some(Outcome { value }),
                    ..Default::default()
                },
            )
        }
        A::WorkflowExecutionCancelRequestedEventAttributes(_) => {
            A::WorkflowExecutionCancelRequestedEventAttributes(
                WorkflowExecutionCancelRequestedEventAttributes::default(),
            )
        }
        A::UpsertWorkflowSearchAttributesEventAttributes(said) => {
            let said = said.search_attributes.as_ref()?;
            let standing = said.indexed_fields.iter().filter(|(name, _)| STANDING.contains(&name.as_str()));
            let indexed_fields = standing.map(|(name, value)| (name.clone(), value.clone())).collect();
            A::UpsertWorkflowSearchAttributesEventAttributes(UpsertWorkflowSearchAttributesEventAttributes {
                search_attributes: Some(SearchAttributes { indexed_fields }),
                ..Default::default()
            })
        }
        A::MarkerRecordedEventAttributes(marker) if marker.marker_name.contains("patch") => {
            A::MarkerRecordedEventAttributes(MarkerRecordedEventAttributes {
                marker_name: marker.marker_name.clone(),
                ..Default::default()
            })
        }
        A::WorkflowTaskFailedEventAttributes(failed) => {
            let mut kind = failed.failure.as_ref().map(failure);
            let mut next = kind.as_mut();
            while let Some(one) = next {
                one.message.clear();
                next = one.cause.as_deref_mut();
            }
            A::WorkflowTaskFailedEventAttributes(WorkflowTaskFailedEventAttributes {
                cause: failed.cause,
                failure: kind,
                ..Default::default()
            })
        }
        A::WorkflowTaskTimedOutEventAttributes(late) if late.timeout_type() == TimeoutType::StartToClose => {
            A::WorkflowTaskTimedOutEventAttributes(WorkflowTaskTimedOutEventAttributes {
                timeout_type: late.timeout_type,
                ..Default::default()
            })
        }
        _ => return None,
    })
}

/// Processes that it starts and tells.
fn of_others(what: &Attributes) -> Option<Attributes> {
    use Attributes as A;
    /// Another process, by its name and its run.
    macro_rules! named {
        ($kind:ident, $child:expr) => {
            A::$kind($kind { workflow_execution: $child.workflow_execution.clone(), ..Default::default() })
        };
    }
    Some(match what {
        A::StartChildWorkflowExecutionFailedEventAttributes(child) => {
            A::StartChildWorkflowExecutionFailedEventAttributes(
                StartChildWorkflowExecutionFailedEventAttributes {
                    workflow_id: child.workflow_id.clone(),
                    ..Default::default()
                },
            )
        }
        A::ChildWorkflowExecutionStartedEventAttributes(child) => {
            named!(ChildWorkflowExecutionStartedEventAttributes, child)
        }
        A::ChildWorkflowExecutionCompletedEventAttributes(child) => {
            named!(ChildWorkflowExecutionCompletedEventAttributes, child)
        }
        A::ChildWorkflowExecutionFailedEventAttributes(child) => {
            named!(ChildWorkflowExecutionFailedEventAttributes, child)
        }
        A::ChildWorkflowExecutionCanceledEventAttributes(child) => {
            named!(ChildWorkflowExecutionCanceledEventAttributes, child)
        }
        A::ChildWorkflowExecutionTerminatedEventAttributes(child) => {
            named!(ChildWorkflowExecutionTerminatedEventAttributes, child)
        }
        A::ChildWorkflowExecutionTimedOutEventAttributes(child) => {
            named!(ChildWorkflowExecutionTimedOutEventAttributes, child)
        }
        A::SignalExternalWorkflowExecutionInitiatedEventAttributes(told) => {
            A::SignalExternalWorkflowExecutionInitiatedEventAttributes(
                SignalExternalWorkflowExecutionInitiatedEventAttributes {
                    workflow_execution: told.workflow_execution.clone(),
                    signal_name: told.signal_name.clone(),
                    ..Default::default()
                },
            )
        }
        _ => return None,
    })
}

/// What a wait is for: words that stand in the code of its process. Nothing else has them kept.
fn summary(event: &HistoryEvent, kept: &Attributes) -> Option<UserMetadata> {
    let Attributes::TimerStartedEventAttributes(_) = kept else { return None };
    let said = event.user_metadata.as_ref()?.summary.as_ref()?;
    let words = serde_json::from_slice::<String>(&said.data).ok()?;
    let payload = Payload { data: serde_json::to_vec(&words).ok()?, ..Payload::default() };
    Some(UserMetadata { summary: Some(payload), details: None })
}

/// What kind of failure it was, and its words without what they quote.
fn failure(failed: &Failure) -> Failure {
    let failure_info = match &failed.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => {
            let info = ApplicationFailureInfo { r#type: info.r#type.clone(), ..Default::default() };
            Some(FailureInfo::ApplicationFailureInfo(info))
        }
        Some(FailureInfo::TimeoutFailureInfo(info)) => {
            let info = TimeoutFailureInfo { timeout_type: info.timeout_type, ..Default::default() };
            Some(FailureInfo::TimeoutFailureInfo(info))
        }
        _ => None,
    };
    Failure {
        message: unquoted(&words(failed)),
        failure_info,
        cause: failed.cause.as_deref().map(|cause| Box::new(failure(cause))),
        ..Failure::default()
    }
}

/// The converter has moved a message to where it is encrypted with the rest.
fn words(failed: &Failure) -> String {
    let moved = failed.encoded_attributes.as_ref().and_then(|common| {
        let common: serde_json::Value = serde_json::from_slice(&common.data).ok()?;
        Some(common.get("message")?.as_str()?.to_owned())
    });
    moved.unwrap_or_else(|| failed.message.clone())
}

/// What stands between quotation marks is left out, to the end where none closes.
fn unquoted(text: &str) -> String {
    let (mut kept, mut chars) = (String::new(), text.chars());
    while let Some(char) = chars.next() {
        kept.push(char);
        if !matches!(char, '"' | '`') {
            continue;
        }
        kept.push('…');
        while let Some(inner) = chars.next() {
            match inner {
                '\\' => drop(chars.next()),
                closing if closing == char => {
                    kept.push(char);
                    break;
                }
                _ => {}
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_quotes_is_not_kept() {
        for (words, kept) in [
            (r#"invalid type: string "Fatou", expected u32"#, r#"invalid type: string "…", expected u32"#),
            (r#"string "a \"b\" c" and `Awa`"#, r#"string "…" and `…`"#),
            (r#"cut off "Fat"#, r#"cut off "…"#),
            ("wave.unreachable: Wave's answer did not come", "wave.unreachable: Wave's answer did not come"),
        ] {
            assert_eq!(unquoted(words), kept);
        }
    }

    #[test]
    fn a_failure_is_kept_by_its_kind_and_words_and_a_fault_of_the_code_by_its_kind() {
        let payload = |text: &str| Payload { data: text.as_bytes().to_vec(), ..Payload::default() };
        let failed = Failure {
            message: "Encoded failure".to_owned(),
            stack_trace: "Fatou".to_owned(),
            encoded_attributes: Some(payload(
                r#"{"message":"the pot of \"Fatou\" is not there","stack_trace":"Fatou"}"#,
            )),
            failure_info: Some(FailureInfo::ApplicationFailureInfo(ApplicationFailureInfo {
                r#type: "contradiction".to_owned(),
                details: Some(Payloads { payloads: vec![payload("Fatou")] }),
                ..Default::default()
            })),
            ..Failure::default()
        };
        let event = |attributes| HistoryEvent { attributes: Some(attributes), ..HistoryEvent::default() };
        let step = event(Attributes::ActivityTaskFailedEventAttributes(ActivityTaskFailedEventAttributes {
            failure: Some(failed.clone()),
            ..Default::default()
        }));
        let kept = format!("{:?}", bare(&step).expect("a part of the story"));
        assert!(kept.contains("contradiction") && kept.contains("is not there"), "{kept}");
        assert!(!kept.contains("Fatou") && !kept.contains(&format!("{:?}", b"Fatou")), "{kept}");
        let fault = event(Attributes::WorkflowTaskFailedEventAttributes(WorkflowTaskFailedEventAttributes {
            failure: Some(failed),
            ..Default::default()
        }));
        let kept = format!("{:?}", bare(&fault).expect("a part of the story"));
        assert!(kept.contains("contradiction") && !kept.contains("is not there"), "{kept}");
    }
}
