#[doc = " Greets."]
#[allow(non_camel_case_types, reason = "it is called like the function")]
#[derive(:: core :: clone :: Clone, :: core :: marker :: Copy, :: core :: fmt :: Debug)]
struct greet;
impl greet {
    #[doc = r" The function behind the tool, to call without a model, for example in a test."]
    #[allow(
        clippy::missing_errors_doc,
        clippy::missing_panics_doc,
        clippy::needless_pass_by_value,
        clippy::unused_async,
        reason = "a tool is async and owns its arguments, and its docs are those of the struct"
    )]
    async fn call() -> String {
        String::from("Hello")
    }
}
const _: () = {
    #[derive(
        :: chatkit_agents :: __private :: serde :: Deserialize,
        :: chatkit_agents :: __private :: schemars :: JsonSchema,
    )]
    #[serde(crate = ":: chatkit_agents :: __private :: serde")]
    #[schemars(crate = ":: chatkit_agents :: __private :: schemars")]
    struct __Arguments {}
    impl greet {
        #[doc = r" The name, description and parameters that the model sees."]
        #[doc = r""]
        #[doc = r" # Errors"]
        #[doc = r""]
        #[doc = r" Why the parameters cannot be a strict schema."]
        fn definition() -> ::core::result::Result<
            &'static ::chatkit_agents::__private::ToolDefinition,
            &'static ::chatkit_agents::__private::SchemaError,
        > {
            static DEFINITION: ::chatkit_agents::__private::StaticDefinition =
                ::chatkit_agents::__private::StaticDefinition::new(|| {
                    ::chatkit_agents::__private::define::<__Arguments>("greet", "Greets.", true)
                });
            DEFINITION.as_ref()
        }
    }
    #[automatically_derived]
    impl<__Context: ::core::marker::Send + ::core::marker::Sync + 'static>
        ::chatkit_agents::__private::FunctionTool<__Context> for greet
    {
        fn definition(
            &self,
        ) -> ::core::result::Result<
            &::chatkit_agents::__private::ToolDefinition,
            &::chatkit_agents::__private::SchemaError,
        > {
            <greet>::definition()
        }
        fn call<'__call>(
            &'__call self,
            __ctx: ::chatkit_agents::__private::ToolContext<'__call, __Context>,
        ) -> ::chatkit_agents::__private::BoxFuture<
            '__call,
            ::core::result::Result<
                ::chatkit_agents::__private::ToolOutput,
                ::chatkit_agents::__private::ToolError,
            >,
        > {
            ::chatkit_agents::__private::Box::pin(async move {
                let __arguments = ::chatkit_agents::__private::ToolContext::parse_arguments::<
                    __Arguments,
                >(&__ctx)?;
                let _ = __arguments;
                let __output = <greet>::call().await;
                ::chatkit_agents::__private::IntoToolOutput::into_tool_output(__output)
            })
        }
    }
    #[automatically_derived]
    impl<__Context: ::core::marker::Send + ::core::marker::Sync + 'static>
        ::core::convert::From<greet> for ::chatkit_agents::__private::Tool<__Context>
    {
        fn from(tool: greet) -> Self {
            ::chatkit_agents::__private::Tool::function(tool)
        }
    }
};
