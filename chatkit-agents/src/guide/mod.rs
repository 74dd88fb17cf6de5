//! Guides: how to do what a chat needs, a topic a page. Their Rust code is tested.
//!
//! | you want to | read |
//! |---|---|
//! | answer a message, with an agent or without one | [`respond_to_a_message`] |
//! | take more than text: files, mentions, quotes, speech | [`rich_input`] |
//! | cite sources | [`annotations`] |
//! | let users find, rename and delete their conversations | [`browse_threads`] |
//! | show cards, lists, forms and charts, and react to clicks | [`widgets`] |
//! | ask the user some questions | [`structured_input`] |
//! | learn what users think of an answer | [`feedback`] |
//! | make the page around the chat follow, or take part | [`keep_the_app_in_sync`] |
//! | let users choose a model or a tool | [`tools_and_models`] |
//! | write into the composer, or send, from your own page | [`draft_and_send`] |
//! | tell the model what it cannot know | [`extra_context`] |
//! | decide how each item of a thread reaches the model | [`model_input`] |
//! | show images that the model makes | [`generated_images`] |
//! | say what is going on while an answer is made | [`update_the_client`] |
//! | go live | [`production`] |
//! | write a client, or another server | [`wire_protocol`] |
//! | move from Python | [`from_the_python_sdk`] |
//!
//! Snippets for the page use the custom element of ChatKit.js:
//!
//! ```ts
//! const chatkit = document.querySelector("openai-chatkit");
//! chatkit.setOptions({ api: { url: "/chatkit", domainKey: "…" } });
//! ```
//!
//! A call of `setOptions` replaces all options. Each snippet shows only those that it is about, so put them together.

/// Answer what users write: the handler, an agent, streaming, titles and errors.
#[doc = include_str!("respond_to_a_message.md")]
pub mod respond_to_a_message {}

/// Attachments, mentions, quoted text and dictation.
#[doc = include_str!("rich_input.md")]
pub mod rich_input {}

/// Sources beside what the assistant says.
#[doc = include_str!("annotations.md")]
pub mod annotations {}

/// The list of conversations, and your own pages about them.
#[doc = include_str!("browse_threads.md")]
pub mod browse_threads {}

/// Widgets: templates, streaming, actions and forms.
#[doc = include_str!("widgets.md")]
pub mod widgets {}

/// Questions with suggested answers, and what becomes of the answers.
#[doc = include_str!("structured_input.md")]
pub mod structured_input {}

/// Thumbs up and down.
#[doc = include_str!("feedback.md")]
pub mod feedback {}

/// Client effects, client tools, and actions of the page.
#[doc = include_str!("keep_the_app_in_sync.md")]
pub mod keep_the_app_in_sync {}

/// The pickers of the composer.
#[doc = include_str!("tools_and_models.md")]
pub mod tools_and_models {}

/// Text in the composer and messages, from the page's own buttons.
#[doc = include_str!("draft_and_send.md")]
pub mod draft_and_send {}

/// What your application knows, for the model.
#[doc = include_str!("extra_context.md")]
pub mod extra_context {}

/// From the items of a thread to the input of a model.
#[doc = include_str!("model_input.md")]
pub mod model_input {}

/// Images that the model makes.
#[doc = include_str!("generated_images.md")]
pub mod generated_images {}

/// Progress, workflows, notices and other events during a response.
#[doc = include_str!("update_the_client.md")]
pub mod update_the_client {}

/// What a server needs before users come, in the order in which it is set up.
#[doc = include_str!("production.md")]
pub mod production {}

/// What goes over the wire.
#[doc = include_str!("wire_protocol.md")]
pub mod wire_protocol {}

/// The names of the Python SDK, and what they are here.
#[doc = include_str!("from_the_python_sdk.md")]
pub mod from_the_python_sdk {}
