//! Keeping a history such that the Responses API accepts it.
//!
//! The API refuses a whole request for one item that lacks its counterpart: a call without output, an output without
//! call, a reasoning item without the item that it led to. Histories lose counterparts when a run is cancelled, when
//! messages are edited or deleted, and when only the latest items are read.

use std::borrow::{Borrow, Cow};
use std::collections::hash_map::{Entry, HashMap};
use std::collections::hash_set::HashSet;

use super::InputItem;
use super::output::PLACEHOLDER_ID;
use super::types::{Pair, pairs};

/// Removes what has lost its counterpart, and what is there twice.
///
/// - Of items with the same type and the same id (for calls and outputs: the same `call_id`), the latest value stays,
///   at the earliest position. Items with a role are never taken for the same, and neither is a call whose `call_id`
///   was used, and answered, by another call before: some endpoints count them anew in every response.
/// - A call without a later output goes, and so do the reasoning items directly before it. These are `function_call`,
///   `custom_tool_call`, `shell_call`, `apply_patch_call`, `computer_call`, `local_shell_call`, `tool_search_call` and
///   `mcp_approval_request`.
/// - An output without an earlier call goes.
/// - A reasoning item goes when what comes after it is not something that the model produced in the same response.
///
/// The order does not change, a history in which nothing is wrong does not change at all, and a second pass changes
/// nothing. An `item_reference` stands for an item that is not there to be looked at: a history with one is only freed
/// of duplicates.
///
/// Items are moved, never copied; `T` may be `InputItem` or `&InputItem`. The time is linear.
///
/// ```
/// use chatkit_agents::items::{InputItem, prune_orphans};
///
/// let mut history = vec![
///     InputItem::user("What is the weather?"),
///     InputItem::function_call("call_1", "get_weather", "{}"), // the run was cancelled here
///     InputItem::user("Never mind."),
/// ];
/// prune_orphans(&mut history);
/// assert_eq!(history, [InputItem::user("What is the weather?"), InputItem::user("Never mind.")]);
/// ```
pub fn prune_orphans<T: Borrow<InputItem>>(items: &mut Vec<T>) {
    let Plan { keep, moves } = Plan::of(items);
    for (place, latest) in moves {
        items.swap(place, latest);
    }
    let mut keep = keep.into_iter();
    // One verdict for each item.
    items.retain(|_| keep.next().unwrap_or(true));
}

/// Keeps at most the latest `limit` items, in their order, and of those only what does not refer to an item before
/// them: no output whose call is cut off, and no part of a response whose reasoning is cut off. So it may be fewer.
///
/// What was broken before stays; that is for [`prune_orphans`].
pub fn keep_latest<T: Borrow<InputItem>>(items: &mut Vec<T>, limit: usize) {
    let Some(mut cut) = items.len().checked_sub(limit).filter(|cut| *cut > 0) else {
        return;
    };
    let mut before = items[..cut]
        .iter()
        .rev()
        .map(|item| Kind::of(item.borrow()));
    let cuts_reasoning = before
        .by_ref()
        .take_while(Kind::is_produced)
        .any(|kind| matches!(kind, Kind::Reasoning));
    drop(before);
    if cuts_reasoning {
        let rest = items[cut..].iter();
        cut += rest
            .take_while(|item| Kind::of((*item).borrow()).is_produced())
            .count();
    }
    items.drain(..cut);

    let mut calls = HashSet::new();
    let keep: Vec<bool> = items
        .iter()
        .map(|item| match Kind::of(item.borrow()) {
            Kind::Call(pair, Some(id)) => {
                calls.insert((pair, id));
                true
            }
            Kind::Output(pair, Some(id)) => calls.contains(&(pair, id)),
            _ => true,
        })
        .collect();
    drop(calls);
    let mut keep = keep.into_iter();
    items.retain(|_| keep.next().unwrap_or(true));
}

/// Whether an item is the caller's: a message that is not the assistant's, or an output. No response of the model goes
/// on across such an item, so [`keep_latest`] needs to see no further back than to the first one before its limit.
pub(crate) fn is_given(item: &InputItem) -> bool {
    !Kind::of(item).is_produced()
}

/// Whether a call has no output yet.
pub(crate) fn has_open_calls(items: &[InputItem]) -> bool {
    let mut open = HashSet::new();
    for item in items {
        match Kind::of(item) {
            Kind::Call(pair, id) => drop(open.insert((pair, id))),
            Kind::Output(pair, id) => drop(open.remove(&(pair, id))),
            _ => {}
        }
    }
    !open.is_empty()
}

/// What an item is for the others.
enum Kind<'a> {
    /// A call that needs an output, and the id that the output refers to.
    Call(Pair, Option<Cow<'a, str>>),
    /// The output of a call.
    Output(Pair, Option<Cow<'a, str>>),
    /// Needs an item that the model produced after it.
    Reasoning,
    /// Anything else that the model produced: messages, calls that the endpoint answers itself, what is newer than this.
    Produced,
    /// A message of anyone but the assistant, or an output that belongs to no pair.
    Given,
    /// Stands for an item that is elsewhere.
    Reference,
}

impl<'a> Kind<'a> {
    fn of(item: &'a InputItem) -> Self {
        if let Some(role) = item.role() {
            return if role == "assistant" {
                Self::Produced
            } else {
                Self::Given
            };
        }
        let item_type = item.item_type();
        match item_type {
            "reasoning" => return Self::Reasoning,
            "item_reference" => return Self::Reference,
            // Without ids, the endpoint has searched by itself.
            "tool_search_call" | "tool_search_output" if item.call_id().is_none() => {
                return Self::Produced;
            }
            _ => {}
        }
        let call_id = || item.call_id().or_else(|| item_id(item)).map(Cow::Borrowed);
        for pair @ (call, output) in pairs() {
            if item_type == call {
                let id = match call {
                    "mcp_approval_request" => item_id(item).map(Cow::Borrowed),
                    _ => call_id(),
                };
                return Self::Call(pair, id);
            }
            if item_type == output {
                let id = match (output, item) {
                    ("mcp_approval_response", InputItem::Raw(raw)) => {
                        raw.string_field("approval_request_id")
                    }
                    _ => call_id(),
                };
                return Self::Output(pair, id);
            }
        }
        if item_type.ends_with("_output") {
            Self::Given
        } else {
            Self::Produced
        }
    }

    fn is_produced(&self) -> bool {
        !matches!(self, Self::Output(..) | Self::Given)
    }
}

fn item_id(item: &InputItem) -> Option<&str> {
    item.id().filter(|id| *id != PLACEHOLDER_ID)
}

/// What to do with each item.
struct Plan {
    keep: Vec<bool>,
    /// Positions whose value comes from a later one, which is not kept.
    moves: Vec<(usize, usize)>,
}

/// Where a value stays, and where its latest version is.
struct Place {
    first: usize,
    latest: usize,
    answered: bool,
}

impl Place {
    fn moved(&self) -> Option<(usize, usize)> {
        (self.latest != self.first).then_some((self.first, self.latest))
    }
}

/// Whether two calls with the same call id are different calls.
fn is_another(one: &InputItem, other: &InputItem) -> bool {
    match (item_id(one), item_id(other)) {
        (None, None) => one != other,
        (one, other) => one != other,
    }
}

impl Plan {
    fn of<T: Borrow<InputItem>>(items: &[T]) -> Self {
        let kinds: Vec<Kind<'_>> = items.iter().map(|item| Kind::of(item.borrow())).collect();
        let complete = !kinds.iter().any(|kind| matches!(kind, Kind::Reference));
        let mut plan = Self {
            keep: vec![true; items.len()],
            moves: Vec::new(),
        };
        let places = plan.pair(items, &kinds, complete);
        plan.settle(&places, &kinds, complete);
        if complete {
            plan.drop_reasoning(&kinds);
        }
        plan
    }

    /// Takes items for the same, and outputs for those of calls. An output without a call goes, and so does a call that
    /// none can refer to; of an item that comes again only the first place stays. Gives where everything is that has a name.
    fn pair<'a, T: Borrow<InputItem>>(
        &mut self,
        items: &'a [T],
        kinds: &'a [Kind<'_>],
        complete: bool,
    ) -> HashMap<(&'a str, &'a str), Place> {
        let Self { keep, moves } = self;
        let mut places: HashMap<(&str, &str), Place> = HashMap::new();
        for (index, (item, kind)) in items.iter().zip(kinds).enumerate() {
            let item = item.borrow();
            let key = match kind {
                Kind::Call(pair, id) => id.as_deref().map(|id| (pair.0, id)),
                Kind::Output(pair, id) => {
                    let id = id.as_deref();
                    let call = id.and_then(|id| places.get_mut(&(pair.0, id)));
                    match call {
                        Some(call) => call.answered = true,
                        None if complete => {
                            keep[index] = false;
                            continue;
                        }
                        None => {}
                    }
                    id.map(|id| (pair.1, id))
                }
                _ if item.role().is_some() => None,
                _ => item_id(item).map(|id| (item.item_type(), id)),
            };
            let Some(key) = key else {
                keep[index] = !(complete && matches!(kind, Kind::Call(..)));
                continue;
            };
            // Some endpoints count their call ids from 1 in every response. A call whose namesake has been answered, and
            // that is another item, begins a pair of its own.
            if let Kind::Call(pair, Some(id)) = kind
                && let Some(place) = places.get(&key)
                && place.answered
                && is_another(items[place.first].borrow(), item)
            {
                for key in [key, (pair.1, &**id)] {
                    let place = places.remove(&key);
                    moves.extend(place.and_then(|place| place.moved()));
                }
            }
            match places.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(Place {
                        first: index,
                        latest: index,
                        answered: false,
                    });
                }
                Entry::Occupied(mut place) => {
                    place.get_mut().latest = index;
                    keep[index] = false;
                }
            }
        }

        places
    }

    /// A call that has no output goes; all else that has come again moves its latest value to its first place.
    fn settle(
        &mut self,
        places: &HashMap<(&str, &str), Place>,
        kinds: &[Kind<'_>],
        complete: bool,
    ) {
        for place in places.values() {
            let unanswered = matches!(kinds[place.first], Kind::Call(..)) && !place.answered;
            if complete && unanswered {
                self.keep[place.first] = false;
            } else {
                self.moves.extend(place.moved());
            }
        }
    }

    /// Reasoning goes that leads to nothing that stays.
    fn drop_reasoning(&mut self, kinds: &[Kind<'_>]) {
        let mut led_to_something = false;
        for (keep, kind) in self.keep.iter_mut().zip(kinds).rev() {
            match kind {
                Kind::Reasoning => *keep = *keep && led_to_something,
                _ => led_to_something = *keep && kind.is_produced(),
            }
        }
    }
}

#[cfg(test)]
mod tests;
