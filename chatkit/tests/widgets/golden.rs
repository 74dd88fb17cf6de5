//! Each component with all its fields, built and as JSON.

use chatkit::types::{ActionConfig, Handler, IconName, LoadingBehavior};
use chatkit::widgets::*;
use chrono::{DateTime, NaiveDate};
use serde_json::{Value, json};

/// Reads a component as the typed one: back to JSON, and how many fields were not understood.
pub(crate) type Reread = fn(&WidgetComponent) -> Result<(Value, usize), InvalidWidget>;

pub(crate) struct Golden {
    pub(crate) json: Value,
    pub(crate) reread: Reread,
}

macro_rules! golden {
    ($($test:ident $ty:ident $json:tt $built:expr;)*) => {
        pub(crate) fn all() -> Vec<Golden> {
            vec![$(Golden {
                json: json!($json),
                reread: |component| {
                    let typed = $ty::try_from(component)?;
                    let unknown = typed.unknown_fields().len();
                    let json = Value::from(typed.clone());
                    // What is written reads as the same again.
                    let again = WidgetComponent::try_from(json.clone())?;
                    assert_eq!($ty::try_from(&again)?, typed);
                    Ok((json, unknown))
                },
            }),*]
        }

        $(
            #[test]
            fn $test() {
                let built: $ty = $built;
                let json = json!($json);
                assert_eq!(Value::from(built.clone()), json);
                let component = WidgetComponent::try_from(json).unwrap();
                let read = $ty::try_from(&component).unwrap();
                assert!(read.unknown_fields().is_empty(), "{read:?}");
                assert_eq!(read, built);
            }
        )*
    };
}

fn action() -> ActionConfig {
    ActionConfig::new("go")
        .payload(json!({"id": "x"}))
        .handler(Handler::Client)
        .loading_behavior(LoadingBehavior::Container)
        .streaming(false)
}

fn dark() -> ThemeColor {
    ThemeColor::new("#000", "red-100")
}

fn sides() -> Spacing {
    Spacing::new()
        .top(1)
        .right(2)
        .bottom("3px")
        .left(1.5)
        .x("2px")
        .y(0)
}

fn borders() -> Borders {
    let dashed = Border::new(2).color(dark()).style(BorderStyle::Dashed);
    Borders::new()
        .top(1)
        .right(2)
        .bottom(3)
        .left(4)
        .x(dashed)
        .y(Border::new(1.5))
}

macro_rules! layout {
    ($component:expr) => {
        $component
            .key("k")
            .id("i")
            .child(Spacer::new())
            .align(Alignment::Center)
            .justify(Justification::Between)
            .wrap(Wrap::Wrap)
            .flex(1)
            .gap("8px")
            .height(10.5)
            .width("100%")
            .size(3)
            .min_height(1)
            .min_width("2px")
            .min_size(3)
            .max_height(4)
            .max_width("5px")
            .max_size(6)
            .padding(sides())
            .margin(4)
            .radius(RadiusValue::Xl2)
            .background(dark())
            .aspect_ratio(1.5)
    };
}

golden! {
    card Card {
        "type": "Card", "key": "k", "id": "i", "asForm": true, "children": [{"type": "Spacer"}],
        "background": "surface",
        "border": {"top": 1, "right": 2, "bottom": 3, "left": 4, "y": {"size": 1.5},
            "x": {"size": 2, "color": {"dark": "#000", "light": "red-100"}, "style": "dashed"}},
        "size": "full", "padding": "1rem", "status": {"text": "s", "favicon": "f", "frame": true},
        "collapsed": false, "confirm": {"label": "Yes", "action":
            {"type": "yes", "handler": "server", "loadingBehavior": "auto", "streaming": true}},
        "cancel": {"label": "No", "action": {"type": "go", "payload": {"id": "x"}, "handler": "client",
            "loadingBehavior": "container", "streaming": false}},
        "theme": "dark",
    } Card::new().key("k").id("i").as_form(true).child(Spacer::new()).background("surface")
        .border(borders()).size(CardSize::Full).padding("1rem")
        .status(WidgetStatus::new("s").favicon("f").frame(true)).collapsed(false)
        .confirm(CardAction::new("Yes", ActionConfig::new("yes")))
        .cancel(CardAction::new("No", action())).theme(Theme::Dark);

    list_view ListView {
        "type": "ListView", "key": "k", "id": "i", "children": [{"type": "ListViewItem", "children": []}],
        "limit": "auto", "status": {"text": "s", "icon": "check"}, "theme": "light",
    } ListView::new().key("k").id("i").child(ListViewItem::new()).limit(ListLimit::Auto)
        .status(WidgetStatus::new("s").icon(IconName::Check)).theme(Theme::Light);

    list_view_item ListViewItem {
        "type": "ListViewItem", "key": "k", "id": "i", "children": [{"type": "Text", "value": "v"}],
        "onClickAction": {"type": "go", "payload": {"id": "x"}, "handler": "client",
            "loadingBehavior": "container", "streaming": false},
        "gap": 2, "align": "baseline",
    } ListViewItem::new().key("k").id("i").child(Text::new("v")).on_click_action(action()).gap(2)
        .align(Alignment::Baseline);

    basic Basic {
        "type": "Basic", "key": "k", "id": "i", "children": [{"type": "Card", "children": []}], "theme": "light",
        "direction": "row", "gap": 3, "padding": 1.5, "align": "end", "justify": "evenly",
    } Basic::new().key("k").id("i").child(WidgetRoot::from(Card::new())).theme(Theme::Light)
        .direction(Direction::Row).gap(3).padding(1.5).align(Alignment::End).justify(Justification::Evenly);

    layout_box Box {
        "type": "Box", "key": "k", "id": "i", "children": [{"type": "Spacer"}], "align": "center",
        "justify": "between", "wrap": "wrap", "flex": 1, "gap": "8px", "height": 10.5, "width": "100%", "size": 3,
        "minHeight": 1, "minWidth": "2px", "minSize": 3, "maxHeight": 4, "maxWidth": "5px", "maxSize": 6,
        "padding": {"top": 1, "right": 2, "bottom": "3px", "left": 1.5, "x": "2px", "y": 0}, "margin": 4,
        "border": {"top": 1, "right": 2, "bottom": 3, "left": 4, "y": {"size": 1.5},
            "x": {"size": 2, "color": {"dark": "#000", "light": "red-100"}, "style": "dashed"}},
        "radius": "2xl", "background": {"dark": "#000", "light": "red-100"}, "aspectRatio": 1.5,
        "direction": "row",
    } layout!(Box::new()).border(borders()).direction(Direction::Row);

    row Row {
        "type": "Row", "key": "k", "id": "i", "children": [{"type": "Spacer"}], "align": "center",
        "justify": "between", "wrap": "wrap", "flex": 1, "gap": "8px", "height": 10.5, "width": "100%", "size": 3,
        "minHeight": 1, "minWidth": "2px", "minSize": 3, "maxHeight": 4, "maxWidth": "5px", "maxSize": 6,
        "padding": {"top": 1, "right": 2, "bottom": "3px", "left": 1.5, "x": "2px", "y": 0}, "margin": 4,
        "border": 3, "radius": "2xl", "background": {"dark": "#000", "light": "red-100"}, "aspectRatio": 1.5,
    } layout!(Row::new()).border(3);

    col Col {
        "type": "Col", "key": "k", "id": "i", "children": [{"type": "Spacer"}], "align": "center",
        "justify": "between", "wrap": "wrap", "flex": 1, "gap": "8px", "height": 10.5, "width": "100%", "size": 3,
        "minHeight": 1, "minWidth": "2px", "minSize": 3, "maxHeight": 4, "maxWidth": "5px", "maxSize": 6,
        "padding": {"top": 1, "right": 2, "bottom": "3px", "left": 1.5, "x": "2px", "y": 0}, "margin": 4,
        "border": {"size": 2, "color": "strong", "style": "dotted"}, "radius": "2xl",
        "background": {"dark": "#000", "light": "red-100"}, "aspectRatio": 1.5,
    } layout!(Col::new()).border(Border::new(2).color("strong").style(BorderStyle::Dotted));

    form Form {
        "type": "Form", "key": "k", "id": "i", "children": [{"type": "Spacer"}], "align": "center",
        "justify": "between", "wrap": "wrap", "flex": 1, "gap": "8px", "height": 10.5, "width": "100%", "size": 3,
        "minHeight": 1, "minWidth": "2px", "minSize": 3, "maxHeight": 4, "maxWidth": "5px", "maxSize": 6,
        "padding": {"top": 1, "right": 2, "bottom": "3px", "left": 1.5, "x": "2px", "y": 0}, "margin": 4,
        "border": 1, "radius": "2xl", "background": {"dark": "#000", "light": "red-100"}, "aspectRatio": 1.5,
        "onSubmitAction": {"type": "go", "payload": {"id": "x"}, "handler": "client",
            "loadingBehavior": "container", "streaming": false},
        "direction": "col",
    } layout!(Form::new()).border(1).on_submit_action(action()).direction(Direction::Col);

    spacer Spacer {"type": "Spacer", "key": "k", "id": "i", "minSize": "auto"}
        Spacer::new().key("k").id("i").min_size("auto");

    divider Divider {
        "type": "Divider", "key": "k", "id": "i", "color": "subtle", "size": 1, "spacing": "2px", "flush": true,
    } Divider::new().key("k").id("i").color("subtle").size(1).spacing("2px").flush(true);

    transition Transition {
        "type": "Transition", "key": "k", "id": "i", "children": {"type": "Text", "value": "v"},
    } Transition::new(Text::new("v")).key("k").id("i");

    text Text {
        "type": "Text", "key": "k", "id": "i", "value": "v", "streaming": true, "italic": true,
        "lineThrough": false, "color": {"dark": "#000", "light": "red-100"}, "weight": "bold", "width": 12.5,
        "size": "xl", "textAlign": "end", "truncate": true, "minLines": 1, "maxLines": 2,
        "editable": {"name": "n", "autoFocus": true, "autoSelect": false, "autoComplete": "off",
            "allowAutofillExtensions": false, "pattern": ".*", "placeholder": "p", "required": true},
    } Text::new("v").key("k").id("i").streaming(true).italic(true).line_through(false).color(dark())
        .weight(FontWeight::Bold).width(12.5).size(TextSize::Xl).text_align(TextAlign::End).truncate(true)
        .min_lines(1).max_lines(2)
        .editable(EditableProps::new("n").auto_focus(true).auto_select(false).auto_complete("off")
            .allow_autofill_extensions(false).pattern(".*").placeholder("p").required(true));

    text_not_editable Text {"type": "Text", "value": "v", "editable": false}
        Text::new("v").editable(Editable::No);

    title Title {
        "type": "Title", "key": "k", "id": "i", "value": "v", "color": "danger", "weight": "medium",
        "size": "5xl", "textAlign": "center", "truncate": false, "maxLines": 3,
    } Title::new("v").key("k").id("i").color("danger").weight(FontWeight::Medium).size(TitleSize::Xl5)
        .text_align(TextAlign::Center).truncate(false).max_lines(3);

    caption Caption {
        "type": "Caption", "key": "k", "id": "i", "value": "v", "color": {"dark": "#000", "light": "red-100"},
        "weight": "normal", "size": "lg", "textAlign": "start", "truncate": true, "maxLines": 1,
    } Caption::new("v").key("k").id("i").color(dark()).weight(FontWeight::Normal).size(CaptionSize::Lg)
        .text_align(TextAlign::Start).truncate(true).max_lines(1);

    markdown Markdown {"type": "Markdown", "key": "k", "id": "i", "value": "*v*", "streaming": false}
        Markdown::new("*v*").key("k").id("i").streaming(false);

    badge Badge {
        "type": "Badge", "key": "k", "id": "i", "label": "l", "color": "discovery", "variant": "soft",
        "size": "md", "pill": true,
    } Badge::new("l").key("k").id("i").color(BadgeColor::Discovery).variant(BadgeVariant::Soft)
        .size(BadgeSize::Md).pill(true);

    icon Icon {"type": "Icon", "key": "k", "id": "i", "name": "vendor:x", "color": "tertiary", "size": "3xl"}
        Icon::new(IconName::vendor("x")).key("k").id("i").color("tertiary").size(IconSize::Xl3);

    image Image {
        "type": "Image", "key": "k", "id": "i", "src": "s", "alt": "a", "fit": "scale-down",
        "position": "bottom right", "radius": "100%", "frame": true, "flush": false, "height": 1, "width": "2px",
        "size": 3, "minHeight": 4, "minWidth": 5, "minSize": 6, "maxHeight": 7, "maxWidth": 8, "maxSize": 9,
        "margin": {"top": 1}, "background": "surface", "aspectRatio": "16 / 9", "flex": 1,
    } Image::new("s").key("k").id("i").alt("a").fit(ImageFit::ScaleDown).position(ImagePosition::BottomRight)
        .radius(RadiusValue::Percent100).frame(true).flush(false).height(1).width("2px").size(3).min_height(4)
        .min_width(5).min_size(6).max_height(7).max_width(8).max_size(9).margin(Spacing::new().top(1))
        .background("surface").aspect_ratio("16 / 9").flex(1);

    button Button {
        "type": "Button", "key": "k", "id": "i", "submit": true, "label": "l",
        "onClickAction": {"type": "go", "payload": {"id": "x"}, "handler": "client",
            "loadingBehavior": "container", "streaming": false},
        "iconStart": "write-alt2", "iconEnd": "lucide:x", "style": "primary", "iconSize": "2xl",
        "color": "caution", "variant": "ghost", "size": "3xs", "pill": true, "uniform": false, "block": true,
        "disabled": false,
    } Button::submit("l").key("k").id("i").on_click_action(action()).icon_start(IconName::WriteAlt2)
        .icon_end(IconName::lucide("x")).style(ButtonStyle::Primary).icon_size(ButtonIconSize::Xl2)
        .color(ButtonColor::Caution).variant(ControlVariant::Ghost).size(ControlSize::Xs3).pill(true)
        .uniform(false).block(true).disabled(false);

    icon_button Button {"type": "Button", "iconStart": "plus"} Button::icon(IconName::Plus);

    input Input {
        "type": "Input", "key": "k", "id": "i", "name": "n", "inputType": "email", "defaultValue": "d",
        "required": true, "pattern": "p", "placeholder": "x", "allowAutofillExtensions": false,
        "autoSelect": true, "autoFocus": false, "disabled": true, "variant": "soft", "size": "2xs",
        "gutterSize": "2xs", "pill": true,
    } Input::new("n").key("k").id("i").input_type(InputType::Email).default_value("d").required(true)
        .pattern("p").placeholder("x").allow_autofill_extensions(false).auto_select(true).auto_focus(false)
        .disabled(true).variant(InputVariant::Soft).size(ControlSize::Xs2).gutter_size(GutterSize::Xs2)
        .pill(true);

    textarea Textarea {
        "type": "Textarea", "key": "k", "id": "i", "name": "n", "defaultValue": "d", "required": true,
        "pattern": "p", "placeholder": "x", "autoSelect": true, "autoFocus": false, "disabled": true,
        "variant": "outline", "size": "sm", "gutterSize": "xl", "rows": 2, "autoResize": true, "maxRows": 5,
        "allowAutofillExtensions": false,
    } Textarea::new("n").key("k").id("i").default_value("d").required(true).pattern("p").placeholder("x")
        .auto_select(true).auto_focus(false).disabled(true).variant(InputVariant::Outline)
        .size(ControlSize::Sm).gutter_size(GutterSize::Xl).rows(2).auto_resize(true).max_rows(5)
        .allow_autofill_extensions(false);

    checkbox Checkbox {
        "type": "Checkbox", "key": "k", "id": "i", "name": "n", "label": "l", "defaultChecked": true,
        "onChangeAction": {"type": "go", "payload": {"id": "x"}, "handler": "client",
            "loadingBehavior": "container", "streaming": false},
        "disabled": false, "required": true,
    } Checkbox::new("n").key("k").id("i").label("l").default_checked(true).on_change_action(action())
        .disabled(false).required(true);

    label Label {
        "type": "Label", "key": "k", "id": "i", "value": "v", "fieldName": "n", "size": "xs",
        "weight": "semibold", "textAlign": "end", "color": "secondary",
    } Label::new("v", "n").key("k").id("i").size(TextSize::Xs).weight(FontWeight::Semibold)
        .text_align(TextAlign::End).color("secondary");

    select Select {
        "type": "Select", "key": "k", "id": "i", "name": "n",
        "options": [{"value": "a", "label": "A"},
            {"value": "b", "label": "B", "disabled": true, "description": "d"}],
        "onChangeAction": {"type": "go", "payload": {"id": "x"}, "handler": "client",
            "loadingBehavior": "container", "streaming": false},
        "placeholder": "p", "defaultValue": "a", "variant": "outline", "size": "xl", "pill": true, "block": false,
        "clearable": true, "disabled": false, "searchable": true,
    } Select::new("n").key("k").id("i").options([("a", "A")])
        .option(SelectOption::new("b", "B").disabled(true).description("d")).on_change_action(action())
        .placeholder("p").default_value("a").variant(ControlVariant::Outline).size(ControlSize::Xl).pill(true)
        .block(false).clearable(true).disabled(false).searchable(true);

    radio_group RadioGroup {
        "type": "RadioGroup", "key": "k", "id": "i", "name": "n",
        "options": [{"value": "a", "label": "A"}, {"value": "b", "label": "B", "disabled": true}],
        "ariaLabel": "l",
        "onChangeAction": {"type": "go", "payload": {"id": "x"}, "handler": "client",
            "loadingBehavior": "container", "streaming": false},
        "defaultValue": "a", "direction": "col", "disabled": false, "required": true,
    } RadioGroup::new("n").key("k").id("i").options([("a", "A")])
        .option(RadioOption::new("b", "B").disabled(true)).aria_label("l").on_change_action(action())
        .default_value("a").direction(Direction::Col).disabled(false).required(true);

    date_picker DatePicker {
        "type": "DatePicker", "key": "k", "id": "i", "name": "n",
        "onChangeAction": {"type": "go", "payload": {"id": "x"}, "handler": "client",
            "loadingBehavior": "container", "streaming": false},
        "placeholder": "p", "defaultValue": "2024-02-03T04:05:06Z", "min": "2024-01-01T00:00:00.000250+02:00",
        "max": "2024-12-31T00:00:00", "variant": "solid", "size": "lg", "side": "top", "align": "end", "pill": true,
        "block": true, "clearable": false, "disabled": true,
    } DatePicker::new("n").key("k").id("i").on_change_action(action()).placeholder("p")
        .default_value(DateTime::from_timestamp(1_706_933_106, 0).unwrap())
        .min(DateTime::parse_from_rfc3339("2024-01-01T00:00:00.00025+02:00").unwrap())
        .max(NaiveDate::from_ymd_opt(2024, 12, 31).unwrap()).variant(ControlVariant::Solid)
        .size(ControlSize::Lg).side(DatePickerSide::Top).align(DatePickerAlign::End).pill(true).block(true)
        .clearable(false).disabled(true);

    chart Chart {
        "type": "Chart", "key": "k", "id": "i",
        "data": [{"d": "Jan", "a": 1, "b": 2.5}, {"d": "Feb", "a": 0, "b": -1000.5}],
        "series": [
            {"type": "bar", "label": "A", "dataKey": "a", "stack": "s", "color": "blue"},
            {"type": "area", "label": "B", "dataKey": "b", "stack": "s",
                "color": {"dark": "#000", "light": "red-100"}, "curveType": "monotoneX"},
            {"type": "line", "label": "L", "dataKey": "b", "color": "x", "curveType": "step"},
        ],
        "xAxis": {"dataKey": "d", "hide": true, "labels": {"Jan": "J"}}, "showYAxis": true, "showLegend": false,
        "showTooltip": true, "barGap": -1, "barCategoryGap": 2, "flex": 1, "height": 2, "width": "3px", "size": 4,
        "minHeight": 5, "minWidth": 6, "minSize": 7, "maxHeight": 8, "maxWidth": "9px", "maxSize": 10,
        "aspectRatio": 1.25,
    } Chart::new(XAxisConfig::new("d").hide(true).label("Jan", "J")).key("k").id("i")
        .row(ChartRow::new().value("d", "Jan").value("a", 1).value("b", 2.5))
        .row(ChartRow::new().value("d", "Feb").value("a", 0).value("b", -1000.5))
        .add_series(BarSeries::new("a").label("A").stack("s").color("blue"))
        .add_series(AreaSeries::new("b").label("B").stack("s").color(dark()).curve_type(CurveType::MonotoneX))
        .add_series(LineSeries::new("b").label("L").color("x").curve_type(CurveType::Step))
        .show_y_axis(true).show_legend(false).show_tooltip(true).bar_gap(-1).bar_category_gap(2).flex(1)
        .height(2).width("3px").size(4).min_height(5).min_width(6).min_size(7).max_height(8).max_width("9px")
        .max_size(10).aspect_ratio(1.25);

    chart_by_name Chart {"type": "Chart", "data": [{"d": "Jan"}], "series": [{"type": "bar", "dataKey": "a"}], "xAxis": "d"}
        Chart::new("d").data([ChartRow::from_iter([("d", "Jan")])]).series([BarSeries::new("a")]);

    table Table {
        "type": "Table", "key": "k", "id": "i", "children": [{"type": "Table.Row", "header": true}],
    } Table::new().key("k").id("i").child(TableRow::new().header(true));

    table_row TableRow {
        "type": "Table.Row", "key": "k", "id": "i", "header": false,
        "children": [{"type": "Table.Cell", "children": [{"type": "Text", "value": "v"}]}],
    } TableRow::new().key("k").id("i").header(false).child("v");

    table_cell TableCell {
        "type": "Table.Cell", "key": "k", "id": "i", "children": [{"type": "Spacer"}], "width": "10%",
        "padding": {"top": 1, "right": 2, "bottom": "3px", "left": 1.5, "x": "2px", "y": 0}, "colSpan": 2,
        "rowSpan": 3, "align": "center", "vAlign": "end", "colSize": "xs",
    } TableCell::new().key("k").id("i").child(Spacer::new()).width("10%").padding(sides()).col_span(2)
        .row_span(3).align(TableCellAlign::Center).v_align(TableCellAlign::End).col_size(TableColSize::Xs);
}
