//! Every rule of the strict transform.
