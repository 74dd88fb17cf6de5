//! Stores behind a pointer, so that the rest of the library has one type for all of them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt, TryStreamExt, stream};

use super::{AttachmentStore, Store, StoreError, StoreItemType, StrayAttachment};
use crate::types::{
    Attachment, AttachmentCreateParams, Order, Page, ThreadItem, ThreadMetadata, Url,
};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

// The object-safe twins of the two traits: one boxed future a store call, which is nothing beside the call itself.
macro_rules! erased {
    (
        $(#[$doc:meta])* $name:ident = dyn $erased:ident for $store:ident;
        sync { $( fn $plain:ident(&self $(, $parg:ident: $pty:tt)*) -> $pout:ty; )* }
        $( async { $( fn $method:ident(&self $(, $arg:ident: $ty:tt)*) -> $out:ty; )* } )*
        without_context { $( fn $own:ident(&self $(, $oarg:ident: $oty:tt)*) -> $oout:ty; )* }
    ) => {
        trait $erased<C>: Send + Sync {
            $( fn $plain(&self $(, $parg: erased!(@ty $pty))*, context: &C) -> $pout; )*
            $($( fn $method<'a>(&'a self $(, $arg: erased!(@arg 'a $ty))*, context: &'a C) -> BoxFuture<'a, $out>; )*)*
            $( fn $own<'a>(&'a self $(, $oarg: erased!(@arg 'a $oty))*) -> BoxFuture<'a, $oout>; )*
        }

        impl<C: Send + Sync + 'static, S: $store<C>> $erased<C> for S {
            $( fn $plain(&self $(, $parg: erased!(@ty $pty))*, context: &C) -> $pout { $store::$plain(self $(, $parg)*, context) } )*
            $($( fn $method<'a>(&'a self $(, $arg: erased!(@arg 'a $ty))*, context: &'a C) -> BoxFuture<'a, $out> {
                Box::pin($store::$method(self $(, $arg)*, context))
            } )*)*
            $( fn $own<'a>(&'a self $(, $oarg: erased!(@arg 'a $oty))*) -> BoxFuture<'a, $oout> {
                Box::pin($store::$own(self $(, $oarg)*))
            } )*
        }

        $(#[$doc])*
        pub struct $name<C>(Arc<dyn $erased<C>>);

        impl<C: Send + Sync + 'static> $name<C> {
            /// Puts a store behind a pointer.
            pub fn new(store: impl $store<C>) -> Self {
                Self(Arc::new(store))
            }
        }

        impl<C> Clone for $name<C> {
            fn clone(&self) -> Self {
                Self(Arc::clone(&self.0))
            }
        }

        impl<C> std::fmt::Debug for $name<C> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }

        impl<C: Send + Sync + 'static> $store<C> for $name<C> {
            $( fn $plain(&self $(, $parg: erased!(@ty $pty))*, context: &C) -> $pout { self.0.$plain($($parg,)* context) } )*
            $($( async fn $method(&self $(, $arg: erased!(@ty $ty))*, context: &C) -> Result<$out, StoreError> {
                self.0.$method($($arg,)* context).await
            } )*)*
            $( async fn $own(&self $(, $oarg: erased!(@ty $oty))*) -> Result<$oout, StoreError> {
                self.0.$own($($oarg),*).await
            } )*
        }
    };
    (@ty [$($ty:tt)*]) => { $($ty)* };
    (@arg $a:lifetime [&str]) => { &$a str };
    (@arg $a:lifetime [Option<&str>]) => { Option<&$a str> };
    (@arg $a:lifetime [&$ty:ty]) => { &$a $ty };
    (@arg $a:lifetime [$ty:ty]) => { $ty };
}

// The methods of `Store`, for what does the same with each of them. They are followed by those that have a default.
macro_rules! store_methods {
    ([$($callback:tt)*] $($first:tt)*) => {
        $($callback)*! {
            $($first)*
            sync {
                fn generate_thread_id(&self) -> String;
                fn generate_item_id(&self, item_type: [StoreItemType], thread: [&ThreadMetadata]) -> String;
            }
            async {
                fn load_thread(&self, thread_id: [&str]) -> ThreadMetadata;
                fn save_thread(&self, thread: [&ThreadMetadata]) -> ();
                fn load_threads(&self, limit: [usize], after: [Option<&str>], order: [Order]) -> Page<ThreadMetadata>;
                fn delete_thread(&self, thread_id: [&str]) -> ();
                fn load_thread_items(&self, thread_id: [&str], after: [Option<&str>], limit: [usize], order: [Order]) -> Page<ThreadItem>;
                fn save_item(&self, thread_id: [&str], item: [&ThreadItem]) -> ();
                fn load_item(&self, thread_id: [&str], item_id: [&str]) -> ThreadItem;
                fn delete_thread_item(&self, thread_id: [&str], item_id: [&str]) -> ();
                fn take_item(&self, thread_id: [&str], item_id: [&str]) -> ThreadItem;
                fn save_attachment(&self, attachment: [&Attachment]) -> ();
                fn load_attachment(&self, attachment_id: [&str]) -> Attachment;
                fn delete_attachment(&self, attachment_id: [&str]) -> ();
            }
            async {
                fn add_thread_item(&self, thread_id: [&str], item: [&ThreadItem]) -> ();
            }
            without_context {
                fn load_stray_attachments(&self, after: [Option<&str>], limit: [usize]) -> Vec<StrayAttachment>;
            }
        }
    };
}

pub(crate) use store_methods;

store_methods! {
    [erased]
    /// Any [`Store`] for contexts of type `C`. Cheap to clone; itself a [`Store`].
    DynStore = dyn ErasedStore for Store;
}

/// How many items are read at a time where a thread is walked from its end.
const WALK_PAGE: usize = 20;

impl<C: Send + Sync + 'static> DynStore<C> {
    /// The items of a thread, newest first, hidden ones included: to find one near its end.
    ///
    /// They are read a few at a time, as they are asked for. An unknown thread has none. Items that are added meanwhile are
    /// not given. Do not delete them while you go on: one of them is the cursor of the next page.
    pub fn newest_first<'a>(
        &'a self,
        thread_id: &'a str,
        context: &'a C,
    ) -> impl Stream<Item = Result<ThreadItem, StoreError>> + Send + 'a {
        enum Next {
            Page(Option<String>),
            End,
        }
        let pages = stream::try_unfold(Next::Page(None), move |next| async move {
            let Next::Page(after) = next else {
                return Ok::<_, StoreError>(None);
            };
            let (cursor, order) = (after.as_deref(), Order::Desc);
            let page = Store::load_thread_items(self, thread_id, cursor, WALK_PAGE, order, context);
            let page = page.await?;
            let next = match page.after {
                Some(next) if page.has_more => Next::Page(Some(next)),
                _ => Next::End,
            };
            let items = stream::iter(page.data).map(Ok::<_, StoreError>);
            Ok(Some((items, next)))
        });
        pages.try_flatten()
    }
}

erased! {
    /// Any [`AttachmentStore`] for contexts of type `C`. Cheap to clone; itself an [`AttachmentStore`].
    DynAttachmentStore = dyn ErasedAttachmentStore for AttachmentStore;
    sync {
        fn generate_attachment_id(&self, mime_type: [&str]) -> String;
    }
    async {
        fn delete_attachment(&self, attachment_id: [&str]) -> ();
        fn create_attachment(&self, params: [&AttachmentCreateParams]) -> Attachment;
        fn preview_url(&self, attachment_id: [&str]) -> Url;
    }
    without_context {}
}
