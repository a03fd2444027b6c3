package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Annotations of flags.
const (
	flagGroup       = "group"       // title in the help
	flagEnvironment = "environment" // variable that is read when the flag is not given
)

// addFlags defines flags that the help shows together below title.
func addFlags(cmd *cobra.Command, title string, define func(*pflag.FlagSet)) {
	group := pflag.NewFlagSet(title, pflag.ContinueOnError)
	group.SortFlags = false
	define(group)
	group.VisitAll(func(flag *pflag.Flag) { annotate(flag, flagGroup, title) })
	cmd.Flags().AddFlagSet(group)
}

// fromEnvironment lets the named flag be set by an environment variable.
func fromEnvironment(flags *pflag.FlagSet, name, variable string) {
	flag := flags.Lookup(name)
	flag.Usage += " ($" + variable + ")"
	annotate(flag, flagEnvironment, variable)
}

// allFromEnvironment lets every flag of a command be set by a variable: that of
// --part-size is the prefix and PART_SIZE.
func allFromEnvironment(cmd *cobra.Command, prefix string) {
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		annotate(flag, flagEnvironment, prefix+strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_")))
	})
}

func annotate(flag *pflag.Flag, key, value string) {
	if flag.Annotations == nil {
		flag.Annotations = map[string][]string{}
	}
	flag.Annotations[key] = []string{value}
}

func annotation(flag *pflag.Flag, key string) string { return strings.Join(flag.Annotations[key], "") }

// readEnvironment sets the flags that were not given from their variables. A
// variable that is empty counts as not set. That of a flag that can be repeated holds
// several values, separated by spaces.
func readEnvironment(flags *pflag.FlagSet, env getenv) (err error) {
	flags.VisitAll(func(flag *pflag.Flag) {
		variable := annotation(flag, flagEnvironment)
		if variable == "" || flag.Changed {
			return
		}
		if value := env(variable); value != "" {
			if failed := setFromEnvironment(flag, value); failed != nil {
				err = cmp.Or[error](err, usageError{fmt.Errorf("$%s: %w", variable, failed)})
			}
		}
	})
	return err
}

func setFromEnvironment(flag *pflag.Flag, value string) error {
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		return list.Replace(strings.Fields(value))
	}
	err := flag.Value.Set(value)
	if want := valueOf[flag.Value.Type()]; err != nil && want != "" {
		return fmt.Errorf("expected %s but got %q", want, value)
	}
	return err
}

// checkValues rejects a flag in the place of another flag's value, as in
// "--name --json": the parser would take it for the value. A value that begins
// with a dash can be given as --name=-value.
func checkValues(cmd *cobra.Command, args []string) error {
	for i := 0; i+1 < len(args) && args[i] != "--"; i++ {
		flag := flagWithoutValue(cmd.Flags(), args[i])
		if flag == nil {
			continue
		}
		i++
		if value := args[i]; len(value) > 1 && value[0] == '-' {
			return usagef(cmd, "--%s: expected a value but got %q; if that is the value, write --%[1]s=%[2]q", flag.Name, value)
		}
	}
	return nil
}

// flagWithoutValue returns the flag that takes the argument after arg as its
// value, nil if there is none.
func flagWithoutValue(flags *pflag.FlagSet, arg string) *pflag.Flag {
	name, long := strings.CutPrefix(arg, "--")
	if long {
		if flag := flags.Lookup(name); flag != nil && flag.NoOptDefVal == "" {
			return flag
		}
		return nil
	}
	letters, short := strings.CutPrefix(arg, "-")
	if !short {
		return nil
	}
	for i, letter := range letters {
		if letter > 0x7F {
			return nil
		}
		flag := flags.ShorthandLookup(string(letter))
		switch {
		case flag == nil:
			return nil
		case flag.NoOptDefVal == "" && i == len(letters)-1:
			return flag
		case flag.NoOptDefVal == "": // the rest is the value
			return nil
		}
	}
	return nil
}

// flagError puts the parser's errors into words.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case cmd == cmd.Root() && cmd.Flags().NArg() > 0: // the flag may be one of the command that was meant
		return unknownCommand(cmd, cmd.Flags().Args())
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return usagef(cmd, "unknown flag -%s", unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		var names []string
		cmd.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, "--"+flag.Name) })
		typed := "--" + unknown.GetSpecifiedName()
		return usagef(cmd, "unknown flag %s%s", typed, didYouMean(typed, names))
	case errors.As(err, &missing):
		return usagef(cmd, "--%s: expected a value", missing.GetFlag().Name)
	case errors.As(err, &invalid):
		flag, value := invalid.GetFlag(), invalid.GetValue()
		if want := valueOf[flag.Value.Type()]; want != "" {
			return usagef(cmd, "--%s: expected %s but got %q", flag.Name, want, value)
		}
		return usagef(cmd, "--%s: %v", flag.Name, errors.Unwrap(invalid))
	}
	return usagef(cmd, "%v", err)
}

// valueOf describes the values of each type of flag that can be wrong.
var valueOf = map[string]string{
	"bool":     "true or false",
	"duration": "a duration such as 50ms",
	"float64":  "a number",
	"int":      "a whole number",
}

// byteSize is a flag for a number of bytes as people write it: 5MiB, 10MB, 1024.
type byteSize int64

func (b *byteSize) Set(text string) error {
	bytes, err := humanize.ParseBytes(text)
	if err != nil || bytes == 0 || bytes > 1<<62 {
		return fmt.Errorf("%q is not a size such as 5MiB or 1000000", text)
	}
	*b = byteSize(bytes)
	return nil
}

func (b *byteSize) String() string { return humanize.IBytes(uint64(*b)) }

func (b *byteSize) Type() string { return "size" }

// shard is a flag for one share of the work of several machines: 0/4 to 3/4. The zero shard is
// all of it.
type shard struct{ index, count int }

func (s *shard) Set(text string) error {
	index, count, _ := strings.Cut(text, "/")
	i, err1 := strconv.Atoi(index)
	n, err2 := strconv.Atoi(count)
	if err1 != nil || err2 != nil || i < 0 || i >= n {
		return fmt.Errorf("%q is not a share such as 0/4, the first of four, to 3/4, the last", text)
	}
	*s = shard{i, n}
	return nil
}

func (s *shard) String() string {
	if !s.given() {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.index, s.count)
}

func (s *shard) Type() string { return "shard" }

// given reports whether there are several shares.
func (s *shard) given() bool { return s.count > 0 }

// addShard defines the flag --shard.
func addShard(flags *pflag.FlagSet, s *shard) {
	flags.Var(s, "shard", "Take one share of the files, `i/n` with i from 0 to n-1, by a hash of their paths, so that n machines can work on the same files.")
}

// didYouMean returns ", did you mean X?" if one of the names is typed like typed, "" otherwise.
func didYouMean(typed string, names []string) string {
	for _, name := range names {
		if name != typed && isTypo(typed, name) {
			return fmt.Sprintf(", did you mean %q?", name)
		}
	}
	return ""
}

// isTypo reports whether typed is likely to mean name: it is the beginning of the
// name, or at most one letter in three is wrong. A word of two letters must be right,
// otherwise cd would be a typo of cp.
func isTypo(typed, name string) bool {
	word := strings.TrimLeft(typed, "-")
	if len(word) > 2 && strings.HasPrefix(strings.ToLower(name), strings.ToLower(typed)) {
		return true
	}
	return distance(strings.ToLower(typed), strings.ToLower(name)) <= len(word)/3
}

// distance is the Levenshtein distance: the number of letters to insert, delete or
// replace between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
