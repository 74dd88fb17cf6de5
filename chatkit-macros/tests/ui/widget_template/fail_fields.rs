use chatkit::widgets::widget_template;

widget_template!(pub struct Order = "./order.widget");

fn missing() -> OrderCustomer {
    OrderCustomer { note: None }
}

fn wrong_type() -> OrderCustomer {
    OrderCustomer {
        name: 5,
        note: None,
    }
}

fn unknown() -> OrderStatus {
    OrderStatus::Lost
}

fn misspelt() -> OrderCustomer {
    OrderCustomer {
        name: String::new(),
        notes: None,
    }
}

fn main() {}
