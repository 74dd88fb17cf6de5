//! Widgets that are only looked at.

use chatkit::widgets::{
    BarSeries, Card, Chart, ChartRow, LineSeries, ListView, ListViewItem, Markdown, Table,
    TableCell, TableRow, TemplateError, Text, Title, WidgetContent, WidgetRoot, widget_template,
};

// A file of the widget studio becomes a struct of the data that it shows. Paths begin at Cargo.toml.
widget_template!(struct Order = "widgets/order.widget");

/// What each widget is asked for with.
pub(crate) const WORDS: [&str; 5] = ["order", "table", "chart", "story", "todo"];

/// From a template.
pub(crate) fn order() -> Result<WidgetRoot, TemplateError> {
    let line = |label: &str, quantity| OrderLine {
        label: label.into(),
        quantity,
    };
    let order = Order {
        number: "A-17".into(),
        status: OrderStatus::OnTheWay,
        note: Some("Leave it at the door.".into()),
        lines: vec![line("Tea", 2), line("Cup", 1)],
    };
    order.build()
}

/// Built in code, with a text for the copy button.
pub(crate) fn table() -> WidgetContent {
    let cities = [("Oslo", 4), ("Paris", 11), ("Rome", 17)];
    let rows = cities.map(|(city, celsius)| {
        TableRow::new()
            .child(city)
            .child(TableCell::text(format!("{celsius} °C")))
    });
    let table = Table::new()
        .child(TableRow::new().header(true).children(["City", "Now"]))
        .children(rows);
    let copy = cities.map(|(city, celsius)| format!("{city}\t{celsius}\n"));
    WidgetContent::new(Card::new().child(table)).copy_text(copy.concat())
}

/// Two series over one axis.
pub(crate) fn chart() -> Card {
    let months = [("Jan", 12, 9), ("Feb", 17, 11), ("Mar", 14, 16)];
    let chart = Chart::new("month")
        .data(months.map(|(month, sold, returned)| {
            ChartRow::new()
                .value("month", month)
                .value("sold", sold)
                .value("returned", returned)
        }))
        .add_series(BarSeries::new("sold").label("Sold"))
        .add_series(
            LineSeries::new("returned")
                .label("Returned")
                .color("orange"),
        )
        .show_legend(true)
        .height(240);
    Card::new().child(Title::new("Cups")).child(chart)
}

/// The states of a card whose text grows. The text has an id, so that only what is new is sent.
pub(crate) fn story() -> impl Iterator<Item = WidgetRoot> {
    let story = "Once upon a time there was a **teapot**. It is still there.";
    let ends = story.match_indices(' ').map(|(end, _)| end);
    ends.chain([story.len()]).map(|end| {
        let text = Markdown::new(&story[..end])
            .id("story")
            .streaming(end < story.len());
        Card::new().child(text).into()
    })
}

/// What there is.
pub(crate) fn menu() -> ListView {
    ListView::new().children(WORDS.map(|word| ListViewItem::new().child(Text::new(word))))
}
