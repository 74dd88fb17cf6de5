//! A store whose calls are spans.

use std::future::Future;

use tracing::Instrument;

use crate::store::{Store, StoreError, StoreItemType, StrayAttachment, store_methods};
use crate::telemetry;
use crate::types::{Attachment, Order, Page, ThreadItem, ThreadMetadata};

/// Any store; each call is a span, and failures are counted. No span holds what is stored.
pub(super) struct Traced<S>(pub(super) S);

/// One call.
async fn call<T>(
    name: &'static str,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let span = tracing::debug_span!("chatkit.store", call = name);
    let result = call.instrument(span).await;
    if let Err(StoreError::Conflict(_) | StoreError::Other(_)) = &result {
        telemetry::store_failed(name);
    }
    result
}

macro_rules! traced {
    (
        sync { $( fn $plain:ident(&self $(, $parg:ident: [$($pty:tt)*])*) -> $pout:ty; )* }
        $( async { $( fn $method:ident(&self $(, $arg:ident: [$($ty:tt)*])*) -> $out:ty; )* } )*
        without_context { $( fn $own:ident(&self $(, $oarg:ident: [$($oty:tt)*])*) -> $oout:ty; )* }
    ) => {
        impl<C: Send + Sync + 'static, S: Store<C>> Store<C> for Traced<S> {
            $( fn $plain(&self $(, $parg: $($pty)*)*, context: &C) -> $pout {
                self.0.$plain($($parg,)* context)
            } )*
            $($( async fn $method(&self $(, $arg: $($ty)*)*, context: &C) -> Result<$out, StoreError> {
                call(stringify!($method), self.0.$method($($arg,)* context)).await
            } )*)*
            $( async fn $own(&self $(, $oarg: $($oty)*)*) -> Result<$oout, StoreError> {
                call(stringify!($own), self.0.$own($($oarg),*)).await
            } )*
        }
    };
}

store_methods! { [traced] }
