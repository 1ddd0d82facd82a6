//! Pins of a module as plain structs: a field per port, named like it.

/// Value of a pin: how it is laid out in 32-bit words, lowest first.
pub trait Signal: Default + Clone + PartialEq {
    /// Calls `put` with every word.
    fn store(&self, put: &mut dyn FnMut(u32));
    /// Reads the value from its words.
    fn load(words: &[u32]) -> Self;
}

impl Signal for bool {
    fn store(&self, put: &mut dyn FnMut(u32)) {
        put(u32::from(*self));
    }
    fn load(words: &[u32]) -> Self {
        words[0] & 1 != 0
    }
}

impl Signal for u32 {
    fn store(&self, put: &mut dyn FnMut(u32)) {
        put(*self);
    }
    fn load(words: &[u32]) -> Self {
        words[0]
    }
}

impl Signal for u64 {
    fn store(&self, put: &mut dyn FnMut(u32)) {
        put(*self as u32);
        put((*self >> 32) as u32);
    }
    fn load(words: &[u32]) -> Self {
        let high = words.get(1).copied().unwrap_or(0);
        u64::from(words[0]) | u64::from(high) << 32
    }
}

impl Signal for Vec<u32> {
    fn store(&self, put: &mut dyn FnMut(u32)) {
        self.iter().for_each(|&word| put(word));
    }
    fn load(words: &[u32]) -> Self {
        words.to_vec()
    }
}

/// A struct whose fields are the pins of one direction of a module.
pub trait Signals: Default + Clone + PartialEq {
    /// Names of the ports, in the order of the fields.
    const NAMES: &'static [&'static str];
    /// Calls `put` with the number of a field and each of its words.
    fn store(&self, put: &mut dyn FnMut(usize, u32));
    /// Reads all fields; `words` gives those of the field with a number.
    fn load<'a>(words: &dyn Fn(usize) -> &'a [u32]) -> Self;
}

/// Declares a struct of pins and implements [`Signals`] for it.
macro_rules! signals {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type),+
        }

        impl $crate::golden::clocked::Signals for $name {
            const NAMES: &'static [&'static str] = &[$(stringify!($field)),+];

            fn store(&self, put: &mut dyn FnMut(usize, u32)) {
                let mut number = 0;
                $(
                    $crate::golden::clocked::Signal::store(&self.$field, &mut |word| put(number, word));
                    number += 1;
                )+
                let _ = number;
            }

            fn load<'a>(words: &dyn Fn(usize) -> &'a [u32]) -> Self {
                let mut number = 0;
                $(
                    let $field = $crate::golden::clocked::Signal::load(words(number));
                    number += 1;
                )+
                let _ = number;
                Self { $($field),+ }
            }
        }
    };
}
pub(crate) use signals;
