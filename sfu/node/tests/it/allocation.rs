//! An allocator that counts, for each thread by itself.
//!
//! A thread that counts its own allocations is not disturbed by those of others, so a media thread
//! can be watched while the rest of the process works.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local! {
    /// Constant and without a destructor, so that using it allocates nothing itself.
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// How often the calling thread has called the allocator in its life, to take, resize or give back.
pub(crate) fn calls() -> u64 {
    CALLS.with(Cell::get)
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count() {
    // A thread that is ending has no counter, and nobody asks for it.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

#[expect(unsafe_code, reason = "a global allocator cannot be written without")]
// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[test]
fn a_thread_counts_its_own_allocations_alone() {
    let before = calls();
    std::thread::spawn(|| drop(vec![1, 2, 3])).join().expect("a thread");
    let after_thread = calls();
    drop(std::hint::black_box(Vec::<u8>::with_capacity(100)));
    assert_eq!(calls() - after_thread, 2, "one to take, one to give back");
    // Starting a thread allocates here, but what the thread did is not among it.
    assert!(after_thread - before < 40);
}
