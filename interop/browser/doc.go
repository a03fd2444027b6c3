// Package browser runs the example page in a real browser: the vendor's upload
// widget, which we did not write and which works with the real service. Run it by
// make browser; it needs Node and a Chromium.
package browser
