//! Typed widgets, from outside.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "widgets/golden.rs"]
mod golden;
#[path = "widgets/lossless.rs"]
mod lossless;

use chatkit::types::ActionConfig;
use chatkit::widgets::*;
use chrono::NaiveDate;
use serde_json::{Value, json};

fn component(json: Value) -> WidgetComponent {
    json.try_into().unwrap()
}

#[test]
fn a_card_with_a_form() {
    let card = Card::new().child(Title::new("Todo")).child(
        Form::new()
            .on_submit_action(ActionConfig::new("todo.save"))
            .child(Input::new("todo.title").placeholder("What?").required(true))
            .child(Button::submit("Save")),
    );
    let expected = json!({
        "type": "Card",
        "children": [
            {"type": "Title", "value": "Todo"},
            {
                "type": "Form",
                "onSubmitAction":
                    {"type": "todo.save", "handler": "server", "loadingBehavior": "auto", "streaming": true},
                "children": [
                    {"type": "Input", "name": "todo.title", "placeholder": "What?", "required": true},
                    {"type": "Button", "label": "Save", "submit": true},
                ],
            },
        ],
    });
    let widget = WidgetRoot::from(card.clone());
    assert_eq!(Value::from(widget.clone()), expected);
    // The dynamic form of the same JSON is the same widget, also when it is read from the store.
    assert_eq!(WidgetRoot::try_from(expected.clone()).unwrap(), widget);
    assert_eq!(
        serde_json::from_value::<WidgetRoot>(expected).unwrap(),
        widget
    );
    assert_eq!(Card::try_from(&widget), Ok(card));
}

/// The words of every field that takes one of several, in the order of the client's types (`@openai/chatkit` 1.9,
/// `widgets.d.ts`) and, for curves, of the Python SDK.
#[test]
fn words_are_those_of_the_client() {
    macro_rules! words {
        ($($token:ident: $($word:literal)*;)*) => {$({
            let known: Vec<_> = $token::ALL.iter().map($token::as_str).collect();
            assert_eq!(known, [$($word),*], stringify!($token));
            for token in $token::ALL {
                let Ok(parsed) = token.as_str().parse::<$token>();
                assert_eq!((&parsed, parsed.to_string()), (token, token.to_string()));
            }
            let Ok(newer) = "brand-new".parse::<$token>();
            assert_eq!(newer, $token::Other("brand-new".into()));
            assert_eq!(newer.as_str(), "brand-new");
        })*};
    }
    words! {
        Alignment: "start" "center" "end" "baseline" "stretch";
        Justification: "start" "center" "end" "between" "around" "evenly" "stretch";
        Direction: "row" "col";
        Wrap: "nowrap" "wrap" "wrap-reverse";
        RadiusValue: "2xs" "xs" "sm" "md" "lg" "xl" "2xl" "3xl" "4xl" "full" "100%" "none";
        BorderStyle: "solid" "dashed" "dotted" "double" "groove" "ridge" "inset" "outset";
        Theme: "light" "dark";
        CardSize: "sm" "md" "lg" "full";
        TextAlign: "start" "center" "end";
        TextSize: "xs" "sm" "md" "lg" "xl";
        TitleSize: "sm" "md" "lg" "xl" "2xl" "3xl" "4xl" "5xl";
        CaptionSize: "sm" "md" "lg";
        FontWeight: "normal" "medium" "semibold" "bold";
        BadgeColor: "secondary" "success" "danger" "warning" "info" "discovery";
        BadgeVariant: "solid" "soft" "outline";
        BadgeSize: "sm" "md" "lg";
        IconSize: "xs" "sm" "md" "lg" "xl" "2xl" "3xl";
        ImageFit: "cover" "contain" "fill" "scale-down" "none";
        ImagePosition: "top left" "top" "top right" "left" "center" "right" "bottom left" "bottom" "bottom right";
        CurveType: "basis" "basisClosed" "basisOpen" "bumpX" "bumpY" "bump" "linear" "linearClosed" "natural"
            "monotoneX" "monotoneY" "monotone" "step" "stepBefore" "stepAfter";
        TableCellAlign: "start" "center" "end";
        TableColSize: "xs" "sm" "md" "lg" "xl";
        ControlVariant: "solid" "soft" "outline" "ghost";
        ControlSize: "3xs" "2xs" "xs" "sm" "md" "lg" "xl" "2xl" "3xl";
        ButtonStyle: "primary" "secondary";
        ButtonColor: "primary" "secondary" "info" "discovery" "success" "caution" "warning" "danger";
        ButtonIconSize: "sm" "md" "lg" "xl" "2xl";
        InputType: "number" "email" "text" "password" "tel" "url";
        InputVariant: "soft" "outline";
        GutterSize: "2xs" "xs" "sm" "md" "lg" "xl";
        DatePickerSide: "top" "bottom" "left" "right";
        DatePickerAlign: "start" "center" "end";
    }
}

#[test]
fn numbers_are_written_as_they_are_meant() {
    let row = Row::new()
        .gap(2.0)
        .width(2.5)
        .height(f64::NAN)
        .margin(f64::INFINITY)
        .border(0.0)
        .padding(Spacing::new().x(f64::NAN).y(-0.0));
    assert_eq!(
        Value::from(row),
        json!({"type": "Row", "gap": 2, "width": 2.5, "border": 0, "padding": {"y": 0}})
    );
    let chart = Chart::new("d").row(ChartRow::new().value("a", f64::NAN).value("b", u64::MAX));
    assert_eq!(Value::from(chart)["data"], json!([{"b": u64::MAX}]));
    let list = ListView::new().limit(5);
    assert_eq!(Value::from(list)["limit"], json!(5));
}

#[test]
fn nulls_are_no_values() {
    let button = Button::new("Go")
        .on_click_action(ActionConfig::new("go").payload(json!({"a": null, "b": [null, 1]})))
        .field("new", json!({"c": null}));
    let json = Value::from(button);
    assert_eq!(json["onClickAction"]["payload"], json!({"b": [1]}));
    assert_eq!(json["new"], json!({}));
    assert_eq!(
        Value::from(Spacer::new().field("new", Value::Null)),
        json!({"type": "Spacer"})
    );
}

#[test]
fn what_is_newer_goes_through() {
    let text = Text::new("a")
        .size(TextSize::Other("gigantic".into()))
        .field("glow", true)
        .field("weight", 550)
        .field("width", "overridden")
        .width(3);
    let json = json!({
        "type": "Text", "value": "a", "size": "gigantic", "glow": true, "weight": 550, "width": 3,
    });
    assert_eq!(Value::from(text), json);

    let read = Text::try_from(&component(json)).unwrap();
    assert_eq!(read.size, Some(TextSize::Other("gigantic".into())));
    assert_eq!(read.weight, None);
    assert_eq!(read.unknown_fields()["weight"], json!(550));
    assert_eq!(read.unknown_fields().len(), 2);
    // A setter replaces what was not understood.
    let bold = Value::from(read.weight(FontWeight::Bold));
    assert_eq!(bold["weight"], json!("bold"));

    // An action that says more than this version knows is kept whole.
    for action in [
        json!({"type": "a", "confirm": true}),
        json!({"type": "a", "handler": "worker"}),
    ] {
        let json = json!({"type": "Button", "onClickAction": action});
        let read = Button::try_from(&component(json.clone())).unwrap();
        assert_eq!(read.on_click_action, None);
        assert_eq!(Value::from(read), json);
    }

    let json = json!({"type": "Chart", "xAxis": "x", "data": [{"x": true}], "series": [{"type": "pie"}, {"type": "bar"}]});
    let chart = Chart::try_from(&component(json.clone())).unwrap();
    assert!(
        chart
            .series
            .iter()
            .all(|series| matches!(series, Series::Other(_)))
    );
    assert_eq!(Value::from(chart), json);
}

#[test]
fn the_structure_is_not_overridden() {
    let text = Text::new("a")
        .field("type", "Card")
        .field("id", 5)
        .field("key", 5)
        .field("children", 5);
    assert_eq!(Value::from(text), json!({"type": "Text", "value": "a"}));
}

#[test]
fn lists_that_are_required_are_written() {
    assert_eq!(
        Value::from(Card::new()),
        json!({"type": "Card", "children": []})
    );
    assert_eq!(Value::from(Select::new("n"))["options"], json!([]));
    assert_eq!(Value::from(Box::new()), json!({"type": "Box"}));
    assert_eq!(
        Value::from(RadioGroup::new("n")),
        json!({"type": "RadioGroup", "name": "n"})
    );
    // An empty one that was there stays.
    let json = json!({"type": "Box", "children": []});
    let read = Box::try_from(&component(json.clone())).unwrap();
    assert_eq!(Value::from(read), json);
}

#[test]
fn what_is_wrong_is_named_and_nothing_repeated() {
    let list = |children: Value| {
        let root = WidgetRoot::try_from(json!({"type": "ListView", "children": children})).unwrap();
        ListView::try_from(&root).unwrap_err().to_string()
    };
    assert_eq!(
        list(json!([{"type": "ListViewItem"}, {"type": "Text", "value": "secret"}])),
        "invalid widget: children[1]: the `type` must be `ListViewItem`"
    );
    assert_eq!(
        list(json!({"type": "secret"})),
        "invalid widget: children: the value is none that this version knows"
    );
    let select = json!({"type": "Select", "name": "n", "options": [{"value": "secret"}]});
    assert_eq!(
        Select::try_from(&component(select))
            .unwrap_err()
            .to_string(),
        "invalid widget: options[0]: `label` is required"
    );
    let icon = json!({"type": "Icon", "name": "secret"});
    assert_eq!(
        Icon::try_from(&component(icon)).unwrap_err().to_string(),
        "invalid widget: name: the value is none that this version knows"
    );
    assert_eq!(
        Text::try_from(&component(json!({"type": "secret"})))
            .unwrap_err()
            .to_string(),
        "invalid widget: the `type` must be `Text`"
    );
}

#[test]
fn what_is_too_deep_to_be_read_back_is_left_out() {
    let nested = |levels: usize| {
        let inner = WidgetComponent::from(Text::new("innermost"));
        let boxes = (0..levels).fold(inner, |inner, _| Box::new().child(inner).into());
        WidgetRoot::from(Card::new().child(boxes))
    };
    for (levels, is_whole) in [(58, true), (59, false), (5000, false)] {
        let widget = nested(levels);
        let text = serde_json::to_string(&widget).unwrap();
        assert_eq!(text.contains("innermost"), is_whole, "{levels}");
        assert_eq!(serde_json::from_str::<WidgetRoot>(&text).unwrap(), widget);
    }
}

#[test]
fn dates_are_iso_8601() {
    let date = NaiveDate::from_ymd_opt(2025, 3, 1).unwrap();
    let time = |micros| date.and_hms_micro_opt(4, 5, 6, micros).unwrap();
    for (converted, text) in [
        (IsoDateTime::from(date), "2025-03-01T00:00:00"),
        (time(0).into(), "2025-03-01T04:05:06"),
        (time(250).into(), "2025-03-01T04:05:06.000250"),
        (time(0).and_utc().into(), "2025-03-01T04:05:06Z"),
        (time(250).and_utc().into(), "2025-03-01T04:05:06.000250Z"),
    ] {
        assert_eq!(converted.as_str(), text);
        assert_eq!(text.parse(), Ok(converted));
    }
    for text in [
        "",
        "tomorrow",
        "2025-02-30",
        "2025-03-01T25:00:00Z",
        "01.03.2025",
    ] {
        assert_eq!(text.parse::<IsoDateTime>(), Err(InvalidDateTime));
    }
}

#[test]
fn a_widget_that_is_read_says_what_its_actions_do() {
    let action = |json: Value| json!({"type": "Button", "onClickAction": json});
    let whole =
        json!({"type": "a", "handler": "server", "loadingBehavior": "auto", "streaming": true});
    let stored = json!({
        "type": "Card",
        "confirm": {"label": "Yes", "action": {"type": "a"}},
        "children": [
            action(json!({"type": "a"})),
            {"type": "Transition", "children": action(json!({"type": "a", "streaming": true}))},
            action(json!({"type": "a", "handler": "client", "new": 1})),
            {"type": "Mystery", "onClickAction": {"type": "a"}, "min": "2025-03-01"},
            {"type": "DatePicker", "name": "n", "min": "2025-03-01", "max": "soon"},
        ],
    });
    // Checked only, it is what it was.
    let checked = WidgetRoot::try_from(stored.clone()).unwrap();
    assert_eq!(Value::from(checked), stored);

    let read: WidgetRoot = serde_json::from_value(stored).unwrap();
    let expected = json!({
        "type": "Card",
        "confirm": {"label": "Yes", "action": whole},
        "children": [
            action(whole.clone()),
            {"type": "Transition", "children": action(whole)},
            action(json!({"type": "a", "handler": "client", "loadingBehavior": "auto", "streaming": true, "new": 1})),
            {"type": "Mystery", "onClickAction": {"type": "a"}, "min": "2025-03-01"},
            {"type": "DatePicker", "name": "n", "min": "2025-03-01T00:00:00", "max": "soon"},
        ],
    });
    assert_eq!(Value::from(read.clone()), expected);

    let brief = Value::from(read.without_defaults());
    assert_eq!(brief["confirm"]["action"], json!({"type": "a"}));
    assert_eq!(
        brief["children"][1]["children"],
        action(json!({"type": "a"}))
    );
    assert_eq!(
        brief["children"][2],
        action(json!({"type": "a", "handler": "client", "new": 1}))
    );
}

#[test]
fn actions_of_the_application_convert() {
    enum Todo {
        Done { id: u32 },
    }
    impl From<Todo> for ActionConfig {
        fn from(action: Todo) -> Self {
            match action {
                Todo::Done { id } => Self::new("todo.done").payload(json!({"id": id})),
            }
        }
    }
    let button = Button::new("Done").on_click_action(Todo::Done { id: 3 });
    assert_eq!(
        button.on_click_action,
        Some(ActionConfig::new("todo.done").payload(json!({"id": 3})))
    );
}
