use chatkit::widgets::widget_template;

widget_template!(#[template(path = "x")] struct A = "./no_data.widget");
widget_template!(enum B = "./no_data.widget");
widget_template!(struct C = 5);
widget_template!(struct D { path: "./no_data.widget" });
widget_template!(struct E = "./no_data.widget" struct F = "./no_data.widget");

fn main() {}
