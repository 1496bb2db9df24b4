//! The shape of every reason for which the packet path drops a datagram.

/// Makes a field-less enum whose variants are also metric labels and places in a table of counters.
macro_rules! drop_reasons {
    (
        $(#[$doc:meta])* $name:ident {
            $($(#[$reason_doc:meta])* $reason:ident = $label:literal,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        pub enum $name {
            $($(#[$reason_doc])* #[error($label)] $reason,)+
        }

        impl $name {
            /// Every reason, in the order of [`Self::index`].
            pub const ALL: &[$name] = &[$($name::$reason,)+];

            /// Its place in a table of counters.
            #[must_use]
            pub const fn index(self) -> usize {
                self as usize
            }

            /// Its metric label.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self {
                    $($name::$reason => $label,)+
                }
            }
        }
    };
}

pub(crate) use drop_reasons;
