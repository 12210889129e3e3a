//! The Debug of everything personal: the name of the type and `‹redacted›`, whatever the value.
//!
//! Written by one macro, so that no type can forget it in part.

/// Implements `Debug` for the named types without looking at their values.
macro_rules! redacted {
    ($($name:ident),+ $(,)?) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(concat!(stringify!($name), "(‹redacted›)"))
            }
        }
    )+};
}

pub(crate) use redacted;
