//! A file beside the source file; attributes and docs are kept.

use chatkit::widgets::widget_template;
use serde_json::json;

widget_template! {
    /// An order.
    #[derive(Eq, PartialOrd)]
    struct NoData = "./no_data.widget";

    pub(crate) struct Order = "./order.widget";
}

#[test]
fn a_file_beside_the_source_is_found() {
    let order = Order {
        status: OrderStatus::OnTheWay,
        customer: OrderCustomer {
            name: "Zoë".to_owned(),
            note: None,
        },
        lines: vec![OrderLine {
            id: "a".to_owned(),
            label: "Tea".to_owned(),
            quantity: 2,
            price: 3.5,
            in_stock: true,
        }],
    };
    let widget = order.build().unwrap();
    assert_eq!(widget.as_object()["status"], json!({"text": "on the way"}));
    let row = &widget.as_object()["children"][2]["children"][0]["children"];
    assert_eq!(row[0]["value"], "2 × Tea");
    assert_eq!(
        row[1],
        json!({"type": "Badge", "label": 3.5, "color": "success"})
    );
    // What is not there is null, and a widget has no nulls.
    assert_eq!(
        widget.as_object()["children"][1],
        json!({"type": "Caption"})
    );

    let template = Order::template().unwrap();
    template.validate(&order).unwrap();
    let order = Order {
        customer: OrderCustomer {
            note: Some("Ring twice".to_owned()),
            ..order.customer.clone()
        },
        ..order
    };
    template.validate(&order).unwrap();
    assert!(std::ptr::eq(template, Order::template().unwrap()));

    assert_eq!(NoData {}.build().unwrap().type_name(), "Card");
}
