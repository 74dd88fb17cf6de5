//! Tables.

use crate::widgets::{CssValue, Spacing, TableCellAlign, TableColSize, WidgetComponent};

use super::{component, place};

component! {
    /// A table: rows of cells.
    ///
    /// It is in the types of the client, and not in the Python SDK.
    ///
    /// ```
    /// use chatkit::widgets::{Table, TableCell, TableRow};
    ///
    /// let table = Table::new()
    ///     .child(TableRow::new().header(true).children(["City", "Temperature"]))
    ///     .child(TableRow::new().child("Paris").child(TableCell::text("21 °C").col_span(2)));
    /// ```
    #[derive(Default)]
    Table = "Table", WidgetComponent {
        /// A table without rows.
        pub fn new {}
        lists {
            /// The rows.
            children: TableRow = "children", optional, add child;
        }
    }
}

component! {
    /// A row of a [`Table`]. It stands nowhere else.
    #[derive(Default)]
    TableRow = "Table.Row", part {
        /// A row without cells.
        pub fn new {}
        lists {
            /// The cells, from left to right. A string is a cell with that text.
            children: TableCell = "children", optional, add child;
        }
        set {
            /// Whether it is a head of the table.
            header: bool = "header",
        }
    }
}

component! {
    /// A cell of a [`TableRow`]. It stands nowhere else.
    #[derive(Default)]
    TableCell = "Table.Cell", part {
        /// An empty cell.
        pub fn new {}
        lists {
            /// What it shows.
            children: WidgetComponent = "children", optional, add child;
        }
        set {
            /// Its width, in pixels or CSS.
            width: CssValue = "width",
            /// The space inside its edge.
            padding: Spacing = "padding",
            /// Over how many columns it reaches.
            col_span: u32 = "colSpan",
            /// Over how many rows it reaches.
            row_span: u32 = "rowSpan",
            /// Where its content is put between left and right.
            align: TableCellAlign = "align",
            /// Where its content is put between top and bottom.
            v_align: TableCellAlign = "vAlign",
            /// The width of its column.
            col_size: TableColSize = "colSize",
        }
    }
}

impl TableCell {
    /// A cell with one [`Text`](super::Text).
    pub fn text(value: impl Into<String>) -> Self {
        Self::new().child(super::Text::new(value))
    }
}

impl From<&str> for TableCell {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for TableCell {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}
