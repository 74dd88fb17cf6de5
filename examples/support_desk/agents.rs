//! Who works at the desk, and what they can do.

use chatkit::types::{
    ClientEffectEvent, CustomTask, IconName, JsonObject, ProgressUpdateEvent, TaskStatus,
};
use chatkit::widgets::widget_template;
use chatkit_agents::handoff::RECOMMENDED_PROMPT_PREFIX;
use chatkit_agents::tool::Json;
use chatkit_agents::{
    Agent, AgentContext, BoxError, GuardrailFunctionOutput, InputGuardrail, InputGuardrailData,
    ToolContext, ToolError, function_tool,
};
use chatkit_examples::model::Models;
use schemars::JsonSchema;
use serde::Deserialize;

/// What tools get.
pub(crate) type Context = AgentContext<()>;

// What the shop knows of an order is also what its card shows.
widget_template!(pub(crate) struct Order = "support_desk/order.widget");

impl Order {
    /// The shop's database.
    pub(crate) fn find(number: u32) -> Option<Self> {
        let (item, euros, status) = match number {
            7 => ("A teapot", 25, "delivered"),
            8 => ("Two cups", 12, "on the way"),
            _ => return None,
        };
        Some(Self {
            number: number.into(),
            item: item.to_owned(),
            euros,
            status: status.to_owned(),
        })
    }
}

/// Find an order, and show it to the customer.
#[function_tool]
async fn find_order(
    ctx: ToolContext<'_, Context>,
    /// The number of the order.
    number: u32,
) -> Result<Json<Order>, ToolError> {
    // A step of the work, seen while it is done and afterwards.
    let step = CustomTask::new()
        .title(format!("Looking for order {number}"))
        .icon(IconName::Search);
    let index = ctx
        .add_workflow_task(step.clone().status_indicator(TaskStatus::Loading))
        .await;
    let found = Order::find(number);
    ctx.update_workflow_task(step.status_indicator(TaskStatus::Complete), index)
        .await?;
    // The model reads this text; any other error would be logged, and the model told in general words.
    let order = found.ok_or_else(|| ToolError::for_model("There is no order with this number."))?;
    ctx.add_widget(order.build()?).await;
    Ok(Json(order))
}

/// Why customers want their money back.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Reason {
    Broken,
    Late,
    Unwanted,
}

/// Pay an order back.
#[function_tool(needs_approval)]
async fn refund(
    ctx: ToolContext<'_, Context>,
    /// The number of the order.
    number: u32,
    /// What is wrong with it.
    reason: Reason,
) -> Result<String, ToolError> {
    let order = Order::find(number)
        .ok_or_else(|| ToolError::for_model("There is no order with this number."))?;
    let progress = ProgressUpdateEvent::new("Paying back").icon(IconName::Reload);
    ctx.stream(progress).await;
    // The page around the chat shows the order; it may want to know.
    let data = JsonObject::from_iter([("number".into(), number.into())]);
    ctx.stream(ClientEffectEvent::new("order_refunded").data(data))
        .await;
    Ok(match reason {
        Reason::Unwanted => format!("{} euros, once it is back.", order.euros),
        Reason::Broken | Reason::Late => format!("{} euros, paid back today.", order.euros),
    })
}

/// Refuses messages with what looks like the number of a credit card: no model should read it.
async fn no_card_numbers(
    data: InputGuardrailData<'_, Context>,
) -> Result<GuardrailFunctionOutput, BoxError> {
    let text = data.unanswered_user_text().replace([' ', '-'], "");
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    Ok(match numbers.any(|number| number.len() >= 13) {
        true => GuardrailFunctionOutput::trip(),
        false => GuardrailFunctionOutput::pass(),
    })
}

/// The one that customers meet first. It reaches the others.
pub(crate) fn front_desk(models: &Models) -> Agent<Context> {
    let agent = |name: &str, instructions: &str| {
        Agent::new(name, models.default_model())
            .instructions(format!("{RECOMMENDED_PROMPT_PREFIX}\n\n{instructions}"))
    };
    let orders = agent("Orders", "You know the orders. Find the one that is meant.")
        .handoff_description("Knows what was ordered, and where it is.")
        .tool(find_order);
    let refunds = agent("Refunds", "You pay back what customers are unhappy with.")
        .handoff_description("Pays orders back.")
        .tool(refund);
    agent(
        "Front desk",
        "You are the front desk. Find out who can help, and hand over.",
    )
    .handoff(orders)
    .handoff(refunds)
    // The model waits for it: not a word of a refused message is sent.
    .input_guardrail(InputGuardrail::new("no card numbers", no_card_numbers).blocking(true))
}
