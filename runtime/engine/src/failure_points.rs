//! Places at which a test has this process die, and what it can be made to do wrong.
//!
//! Only with the feature `failure-points`, which the end-to-end tests turn on and no build of `adw` has. Without it,
//! a point is nothing at all.

#[cfg(feature = "failure-points")]
mod point;
#[cfg(feature = "failure-points")]
mod sabotage;

#[cfg(feature = "failure-points")]
pub use point::FailurePoint;
#[cfg(feature = "failure-points")]
pub use sabotage::Sabotage;

/// The process passes a [`FailurePoint`], or does so on a condition.
#[cfg(feature = "failure-points")]
macro_rules! failure_point {
    ($point:ident) => {
        $crate::failure_points::FailurePoint::$point.pass()
    };
    ($point:ident, $condition:expr) => {
        if $condition {
            failure_point!($point);
        }
    };
}

/// The process passes a failure point: not in this build.
#[cfg(not(feature = "failure-points"))]
macro_rules! failure_point {
    ($($point:tt)*) => {};
}

/// An enum whose variants have names, and a list of them.
#[cfg(feature = "failure-points")]
macro_rules! named {
    ($(#[$doc:meta])* $enum:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $enum {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $enum {
            /// Each of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name in the environment.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

#[cfg(feature = "failure-points")]
use named;
