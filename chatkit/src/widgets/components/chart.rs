//! Charts.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::types::JsonObject;
use crate::widgets::fields::{Prop, Reader, Record, unreadable, value_record};
use crate::widgets::{Color, CssValue, CurveType, InvalidWidget};

use super::{component, place};

component! {
    /// A chart of bars, lines and areas over one axis.
    ///
    /// Each row of the data has a value for the axis and one for each series, under names of your own.
    ///
    /// ```
    /// use chatkit::widgets::{BarSeries, Chart, ChartRow, LineSeries};
    ///
    /// let sales = [("Jan", 12, 0.3), ("Feb", 17, 0.5)];
    /// let chart = Chart::new("month")
    ///     .data(sales.map(|(month, sold, share)| {
    ///         ChartRow::new().value("month", month).value("sold", sold).value("share", share)
    ///     }))
    ///     .add_series(BarSeries::new("sold").label("Sold"))
    ///     .add_series(LineSeries::new("share").label("Share").color("orange"))
    ///     .show_legend(true);
    /// ```
    Chart = "Chart", WidgetComponent + Sizes {
        /// A chart without data, whose axis is a name in the rows or an [`XAxisConfig`].
        pub fn new {
            /// What the horizontal axis counts.
            x_axis: XAxis = "xAxis",
        }
        lists {
            /// The data, from left to right.
            data: ChartRow = "data", required, add row;
            /// What is drawn of it.
            series: Series = "series", required, add add_series;
        }
        set {
            /// Whether the vertical axis is drawn.
            show_y_axis: bool = "showYAxis",
            /// Whether it is said which colour is which series.
            show_legend: bool = "showLegend",
            /// Whether pointing at the data shows its values.
            show_tooltip: bool = "showTooltip",
            /// The space between the bars of one row, in pixels.
            bar_gap: i32 = "barGap",
            /// The space between the bars of two rows, in pixels.
            bar_category_gap: i32 = "barCategoryGap",
            /// How much of the free space it takes beside its siblings: a number, or CSS.
            flex: CssValue = "flex",
        }
    }
}

/// What the horizontal axis of a [`Chart`] counts.
#[derive(Debug, Clone, PartialEq)]
pub enum XAxis {
    /// A name in the rows.
    DataKey(String),
    /// A name in the rows, and how the axis looks.
    Config(XAxisConfig),
}

/// Words in place of the values at an axis.
type AxisLabels = BTreeMap<String, String>;

value_record! {
    /// The horizontal axis of a [`Chart`].
    #[derive(Eq)]
    XAxisConfig {
        /// An axis of a name in the rows.
        pub fn new {
            /// The name in the rows.
            data_key: String = "dataKey",
        }
        set {
            /// Whether it is not drawn.
            hide: bool = "hide",
            /// What is written in place of values.
            labels: AxisLabels = "labels",
        }
    }
}

impl XAxisConfig {
    /// Sets what is written in place of one value.
    #[must_use]
    pub fn label(mut self, value: impl Into<String>, label: impl Into<String>) -> Self {
        let labels = self.labels.get_or_insert_default();
        labels.insert(value.into(), label.into());
        self
    }
}

impl From<&str> for XAxis {
    fn from(data_key: &str) -> Self {
        Self::DataKey(data_key.to_owned())
    }
}

impl From<String> for XAxis {
    fn from(data_key: String) -> Self {
        Self::DataKey(data_key)
    }
}

impl From<XAxisConfig> for XAxis {
    fn from(config: XAxisConfig) -> Self {
        Self::Config(config)
    }
}

impl Prop for XAxis {
    fn into_json(self) -> Value {
        match self {
            Self::DataKey(name) => name.into_json(),
            Self::Config(config) => config.into_json(),
        }
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        match json {
            Value::String(name) => Ok(Self::DataKey(name.clone())),
            _ => XAxisConfig::from_json(json).map(Self::Config),
        }
    }
}

/// One row of a [`Chart`]'s data: values by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChartRow(JsonObject);

/// A value in a [`ChartRow`]: a number, or a string for the axis.
///
/// A float that is not finite is no value: the row then has none of that name.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartValue(Value);

impl ChartRow {
    /// A row without values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value of a name.
    #[must_use]
    pub fn value(mut self, name: impl Into<String>, value: impl Into<ChartValue>) -> Self {
        self.0.insert(name.into(), value.into().0);
        self
    }

    /// The values by name, as they are on the wire.
    pub fn as_object(&self) -> &JsonObject {
        &self.0
    }
}

impl<N: Into<String>, V: Into<ChartValue>> FromIterator<(N, V)> for ChartRow {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        let values = values.into_iter();
        values.fold(Self::new(), |row, (name, value)| row.value(name, value))
    }
}

macro_rules! chart_values {
    ($($ty:ty),*) => {$(
        impl From<$ty> for ChartValue {
            fn from(value: $ty) -> Self {
                Self(value.into())
            }
        }
    )*};
}

chart_values!(&str, String, i32, u32, i64, u64, f64);

impl Prop for ChartRow {
    fn into_json(self) -> Value {
        Value::Object(self.0)
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        let object = json.as_object().ok_or(unreadable())?;
        Ok(Self(object.clone()))
    }
}

/// What a [`Chart`] draws of its data.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Series {
    /// Bars.
    Bar(BarSeries),
    /// A filled area.
    Area(AreaSeries),
    /// A line.
    Line(LineSeries),
    /// Of a kind that this version does not know, or without what it needs.
    Other(JsonObject),
}

value_record! {
    /// Bars of a [`Chart`].
    BarSeries {
        /// Bars of the numbers of a name in the rows.
        pub fn new {
            /// The name in the rows.
            data_key: String = "dataKey",
        }
        set {
            /// What the legend says.
            label: String = "label",
            /// Series of the same word are stacked.
            stack: String = "stack",
            /// Its colour: a token such as `blue` or `orange`, or any other colour. Unset, the next of the chart's own.
            color: Color = "color",
        }
    }
}

value_record! {
    /// A filled area of a [`Chart`].
    AreaSeries {
        /// An area below the numbers of a name in the rows.
        pub fn new {
            /// The name in the rows.
            data_key: String = "dataKey",
        }
        set {
            /// What the legend says.
            label: String = "label",
            /// Series of the same word are stacked.
            stack: String = "stack",
            /// Its colour: a token such as `blue` or `orange`, or any other colour. Unset, the next of the chart's own.
            color: Color = "color",
            /// How it runs between two rows.
            curve_type: CurveType = "curveType",
        }
    }
}

value_record! {
    /// A line of a [`Chart`].
    LineSeries {
        /// A line through the numbers of a name in the rows.
        pub fn new {
            /// The name in the rows.
            data_key: String = "dataKey",
        }
        set {
            /// What the legend says.
            label: String = "label",
            /// Its colour: a token such as `blue` or `orange`, or any other colour. Unset, the next of the chart's own.
            color: Color = "color",
            /// How it runs between two rows.
            curve_type: CurveType = "curveType",
        }
    }
}

impl From<BarSeries> for Series {
    fn from(series: BarSeries) -> Self {
        Self::Bar(series)
    }
}

impl From<AreaSeries> for Series {
    fn from(series: AreaSeries) -> Self {
        Self::Area(series)
    }
}

impl From<LineSeries> for Series {
    fn from(series: LineSeries) -> Self {
        Self::Line(series)
    }
}

impl Prop for Series {
    fn into_json(self) -> Value {
        match self {
            Self::Bar(series) => with_type("bar", series),
            Self::Area(series) => with_type("area", series),
            Self::Line(series) => with_type("line", series),
            Self::Other(object) => Value::Object(object),
        }
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        let object = json.as_object().ok_or(unreadable())?;
        let series = match object.get("type").and_then(Value::as_str) {
            Some("bar") => of_type("bar", object).map(Self::Bar),
            Some("area") => of_type("area", object).map(Self::Area),
            Some("line") => of_type("line", object).map(Self::Line),
            _ => None,
        };
        Ok(series.unwrap_or_else(|| Self::Other(object.clone())))
    }
}

fn with_type(name: &str, series: impl Record) -> Value {
    let mut object = JsonObject::new();
    object.insert("type".to_owned(), Value::from(name));
    series.write(&mut object);
    Value::Object(object)
}

fn of_type<T: Record>(name: &'static str, object: &JsonObject) -> Option<T> {
    T::read(Reader::of_type(object, name).ok()?).ok()
}
