use chatkit_agents::function_tool;

struct Tools;

impl Tools {
    #[function_tool]
    async fn method(&self) {}
}

#[function_tool]
fn blocking() {}

#[function_tool]
async fn generic<T>(value: T) {}

#[function_tool]
async fn borrowed<'a>(value: &'a str, values: &[u8]) {}

#[function_tool]
async fn opaque(value: impl Into<String>) {}

#[function_tool]
async fn patterns((a, b): (u8, u8), _: u8, ref c: u8) {}

#[function_tool]
async unsafe extern "C" fn unusual() {}

#[function_tool]
async fn same(same: u8) {}

#[function_tool]
async fn größe() {}

#[function_tool]
struct NotAFunction;

#[function_tool(colour = 1)]
fn several(#[inline] value: &str, (a, b): (u8, u8)) {}

#[doc = include_str!("fail_signature.rs")]
#[function_tool]
async fn included_doc() {}

fn main() {}
