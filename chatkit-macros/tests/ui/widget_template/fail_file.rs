use chatkit::widgets::widget_template;

widget_template! {
    pub struct Missing = "./none.widget";
    pub struct InPackage = "widgets/none.widget";
    pub struct Json = "./fail_json.widget";
    pub struct Version = "./fail_version.widget";
    pub struct Template = "./fail_template.widget";
    pub struct Root = "./fail_root.widget";
    pub struct Schema = "./fail_schema.widget";
}

fn main() {}
