#[cfg(all())]
#[doc = " Not the description."]
#[allow(non_camel_case_types, reason = "it is called like the function")]
#[derive(:: core :: clone :: Clone, :: core :: marker :: Copy, :: core :: fmt :: Debug)]
pub(crate) struct all_options;
#[cfg(all())]
impl all_options {
    #[doc = r" The function behind the tool, to call without a model, for example in a test."]
    #[allow(
        clippy::missing_errors_doc,
        clippy::missing_panics_doc,
        clippy::needless_pass_by_value,
        clippy::unused_async,
        reason = "a tool is async and owns its arguments, and its docs are those of the struct"
    )]
    pub(crate) async fn call(
        ctx: ToolContext<'_, User>,
        count: u32,
        #[allow(unused)] note: Option<String>,
    ) -> Result<(), Error> {
        Ok(())
    }
}
#[cfg(all())]
const _: () = {
    #[derive(
        agents :: __private :: serde :: Deserialize, agents :: __private :: schemars :: JsonSchema,
    )]
    #[serde(crate = "agents :: __private :: serde")]
    #[schemars(crate = "agents :: __private :: schemars")]
    struct __Arguments {
        #[doc = " How many."]
        #[serde(default)]
        count: u32,
        note: Option<String>,
    }
    impl all_options {
        #[doc = r" The name, description and parameters that the model sees."]
        #[doc = r""]
        #[doc = r" # Errors"]
        #[doc = r""]
        #[doc = r" Why the parameters cannot be a strict schema."]
        pub(crate) fn definition() -> ::core::result::Result<
            &'static agents::__private::ToolDefinition,
            &'static agents::__private::SchemaError,
        > {
            static DEFINITION: agents::__private::StaticDefinition =
                agents::__private::StaticDefinition::new(|| {
                    agents::__private::define::<__Arguments>(
                        "all-options",
                        "The description.",
                        false,
                    )
                    .map(|definition| definition.defer_loading(true))
                    .map(|definition| {
                        definition.allowed_callers([
                            agents::__private::ToolCaller::Direct,
                            agents::__private::ToolCaller::Programmatic,
                        ])
                    })
                });
            DEFINITION.as_ref()
        }
    }
    #[automatically_derived]
    impl
        agents::__private::FunctionTool<
            <ToolContext<'static, User> as agents::__private::ToolContextType>::Context,
        > for all_options
    {
        fn definition(
            &self,
        ) -> ::core::result::Result<
            &agents::__private::ToolDefinition,
            &agents::__private::SchemaError,
        > {
            <all_options>::definition()
        }
        fn call<'__call>(
            &'__call self,
            __ctx: agents::__private::ToolContext<
                '__call,
                <ToolContext<'static, User> as agents::__private::ToolContextType>::Context,
            >,
        ) -> agents::__private::BoxFuture<
            '__call,
            ::core::result::Result<agents::__private::ToolOutput, agents::__private::ToolError>,
        > {
            agents::__private::Box::pin(async move {
                let __arguments =
                    agents::__private::ToolContext::parse_arguments::<__Arguments>(&__ctx)?;
                let __output =
                    <all_options>::call(__ctx, __arguments.count, __arguments.note).await;
                agents::__private::IntoToolOutput::into_tool_output(__output)
            })
        }
        fn timeout(&self) -> ::core::option::Option<::core::time::Duration> {
            ::core::option::Option::Some(::core::time::Duration::new(0u64, 250000000u32))
        }
        fn is_enabled<'__call>(
            &'__call self,
            __run: agents::__private::RunContext<
                '__call,
                <ToolContext<'static, User> as agents::__private::ToolContextType>::Context,
            >,
        ) -> agents::__private::BoxFuture<'__call, ::core::result::Result<bool, agents::__private::BoxError>> {
            let _ = __run;
            agents::__private::Answer::<::core::result::Result<bool, agents::__private::BoxError>, _>::resolve(is_admin(__run.context))
        }
        fn needs_approval<'__call>(
            &'__call self,
            __ctx: agents::__private::ToolContext<
                '__call,
                <ToolContext<'static, User> as agents::__private::ToolContextType>::Context,
            >,
        ) -> agents::__private::BoxFuture<'__call, ::core::result::Result<bool, agents::__private::BoxError>> {
            let _ = __ctx;
            agents::__private::Box::pin(agents::__private::NeedsApproval::ask(is_large, __ctx))
        }
        fn input_guardrails(
            &self,
        ) -> &[agents::__private::ToolInputGuardrail<
            <ToolContext<'static, User> as agents::__private::ToolContextType>::Context,
        >] {
            static GUARDRAILS: agents::__private::LazyLock<
                [agents::__private::ToolInputGuardrail<
                    <ToolContext<'static, User> as agents::__private::ToolContextType>::Context,
                >; 2usize],
            > = agents::__private::LazyLock::new(|| {
                [
                    agents::__private::ToolInputGuardrail::new("first", first),
                    agents::__private::ToolInputGuardrail::new("second", checks::second),
                ]
            });
            &*GUARDRAILS
        }
        fn output_guardrails(
            &self,
        ) -> &[agents::__private::ToolOutputGuardrail<
            <ToolContext<'static, User> as agents::__private::ToolContextType>::Context,
        >] {
            static GUARDRAILS: agents::__private::LazyLock<
                [agents::__private::ToolOutputGuardrail<
                    <ToolContext<'static, User> as agents::__private::ToolContextType>::Context,
                >; 1usize],
            > = agents::__private::LazyLock::new(|| {
                [agents::__private::ToolOutputGuardrail::new("third", third)]
            });
            &*GUARDRAILS
        }
        fn ends_run(&self, __error: &agents::__private::ToolError) -> bool {
            let _ = __error;
            agents::__private::ToolError::is_fatal(__error) || ToolError::is_timed_out(__error)
        }
        fn failure_message<'__error>(
            &self,
            __error: &'__error agents::__private::ToolError,
        ) -> agents::__private::Cow<'__error, str> {
            agents::__private::failure_text(__error, "Later.")
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<all_options>
        for agents::__private::Tool<
            <ToolContext<'static, User> as agents::__private::ToolContextType>::Context,
        >
    {
        fn from(tool: all_options) -> Self {
            agents::__private::Tool::function(tool)
        }
    }
};
