//! Plans, scales, and what recoveries cost.

use super::*;
