package output

// Output is what a command has to say: Value for programs, Blocks for people. Either may be empty.
type Output struct {
	// Value is what `-o json` encodes; its shape is a promise.
	Value any
	// Blocks are what `-o text` and `-o table` show, one after another.
	Blocks []Block
}

// Block is one of Fields, Table, Lines.
type Block interface{ block() }

// Fields are names with values, below each other. A field with an empty value is not shown.
type Fields []Field

// Field is a name and its value.
type Field [2]string

// Table is rows under a header. Empty is the sentence shown instead of a table without rows. On a terminal a table has one line
// for each row: columns that do not fit are dropped in the order of Drop, and long values are cut. A pipe gets full values.
type Table struct {
	Title  string
	Header []string
	Rows   [][]string
	Empty  string
	// Wide are columns shown with -o wide alone; Drop those that a narrow terminal can do without, the least important first.
	Wide, Drop []string
}

// Lines are text as it is, one line each.
type Lines []string

func (Fields) block() {}
func (Table) block()  {}
func (Lines) block()  {}
