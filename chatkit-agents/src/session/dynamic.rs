//! Sessions behind a pointer, so that what uses them has one type for all.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{CompactionArgs, Session, SessionError};
use crate::items::InputItem;
use crate::model::Usage;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, SessionError>> + Send + 'a>>;

// The object-safe twin of the trait: one boxed future a call, which is nothing beside the call itself.
macro_rules! erased {
    ($( fn $method:ident(&self $(, $arg:ident: [$($ty:tt)*])*) -> $out:ty; )*) => {
        trait ErasedSession: Send + Sync {
            fn session_id(&self) -> Option<String>;
            $( fn $method<'a>(&'a self $(, $arg: erased!(@arg 'a $($ty)*))*) -> BoxFuture<'a, $out>; )*
        }

        impl<S: Session> ErasedSession for S {
            fn session_id(&self) -> Option<String> {
                Session::session_id(self)
            }
            $( fn $method<'a>(&'a self $(, $arg: erased!(@arg 'a $($ty)*))*) -> BoxFuture<'a, $out> {
                Box::pin(Session::$method(self $(, $arg)*))
            } )*
        }

        impl Session for DynSession {
            fn session_id(&self) -> Option<String> {
                self.0.session_id()
            }
            $( async fn $method(&self $(, $arg: $($ty)*)*) -> Result<$out, SessionError> {
                self.0.$method($($arg),*).await
            } )*
        }
    };
    (@arg $a:lifetime &[$ty:ty]) => { &$a [$ty] };
    (@arg $a:lifetime CompactionArgs<'_>) => { CompactionArgs<$a> };
    (@arg $a:lifetime $ty:ty) => { $ty };
}

/// Any [`Session`]. Cheap to clone; itself a [`Session`].
#[derive(Clone)]
pub struct DynSession(Arc<dyn ErasedSession>);

erased! {
    fn get_items(&self, limit: [Option<usize>]) -> Vec<InputItem>;
    fn add_items(&self, items: [&[InputItem]]) -> ();
    fn pop_item(&self) -> Option<InputItem>;
    fn clear_session(&self) -> ();
    fn run_compaction(&self, args: [CompactionArgs<'_>]) -> Usage;
}

impl DynSession {
    /// Puts a session behind a pointer.
    pub fn new(session: impl Session) -> Self {
        Self(Arc::new(session))
    }
}

impl fmt::Debug for DynSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DynSession")
    }
}
