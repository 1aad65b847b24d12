//! One file a capability: its handle on [`Cx`](crate::Cx), and the values that it takes and gives.

pub(crate) mod agent;
pub(crate) mod artifacts;
pub(crate) mod clock;
pub(crate) mod exec;
pub(crate) mod http;
pub(crate) mod human;
pub(crate) mod log;
pub(crate) mod random;
pub(crate) mod state;
pub(crate) mod workspace;

/// A handle that borrows the stage's [`Cx`](crate::Cx), so that it can't be used outside of a run.
macro_rules! handle {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<'cx> {
            run: ::core::marker::PhantomData<&'cx $crate::Cx>,
        }

        impl<'cx> $name<'cx> {
            pub(crate) fn of(_: &'cx $crate::Cx) -> Self {
                Self { run: ::core::marker::PhantomData }
            }
        }
    };
}
pub(crate) use handle;

/// A time limit in the contract's unit.
pub(crate) fn milliseconds(duration: core::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
