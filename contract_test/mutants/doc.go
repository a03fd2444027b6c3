// Package mutants makes wrong documents out of a right one, to find out whether the contract suite notices. Each mutant
// differs in one place: a limit is off by one, a property is no longer required, a status is missing, a parameter is
// somewhere else.
//
// Every mutant changes what a client or a server can observe. So there are none of texts, examples, defaults and "default"
// responses, and none of:
//
//   - limits that another constraint of the same schema implies (a least length of 1 beside a pattern that needs a
//     character, a type beside an enumeration, 64 bits beside a maximum);
//   - the least length of values that are known, of which tests take no others and which are all longer;
//   - whatever a discriminator fixes anyway: the constant, type and presence of the property that it reads;
//   - the schemas of file contents, which nothing reads;
//   - unknown properties of answers, which tests refuse and clients ignore, whatever the document says;
//   - headers without a constraint, and null where a value travels as text.
package mutants
