// Package suite is the contract suite as a function: [Run] checks a document, in process and within a fraction of a
// second, against everything that knows the service independently of that document:
//
//   - the generated client and the SDK, compiled from the released document;
//   - the fake service with its own state, rules and error answers;
//   - values that the service is known to accept and to refuse, at the boundaries, written by hand;
//   - the requirement that everything in the document was exercised.
//
// Both sides validate the traffic against the document under test: the transport of the client, and the fake. The suite
// does not compare the document with another one. It should fail for every document that describes another service;
// the mutants of package mutants show that it does.
package suite
