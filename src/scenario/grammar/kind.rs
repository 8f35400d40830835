//! Kinds of values in a scenario. Each is a definition in the JSON Schema.

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// Kind of a value, or of a part of one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum ValueKind {
            $($(#[$doc])* $kind,)*
        }

        impl ValueKind {
            /// Name of its definition in the JSON Schema.
            pub fn name(self) -> &'static str {
                match self {
                    $(ValueKind::$kind => $name,)*
                }
            }
        }

        /// All kinds.
        #[cfg(test)]
        pub(super) const ALL: &[ValueKind] = &[$(ValueKind::$kind,)*];
    };
}

kinds! {
    /// A user class.
    Class = "class",
    /// A task.
    Task = "task",
    /// Defaults of requests.
    Defaults = "defaults",
    /// A map of operators.
    Operators = "operators",
    /// Expectations of a request.
    Expect = "expect",
    /// Expectations of a publish.
    ExpectPublish = "expect_publish",
    /// Expectations of a Redis command.
    ExpectRedis = "expect_redis",
    /// A capture in full form.
    CaptureFull = "capture_full",
    /// Load in stages.
    Shape = "shape",
    /// One stage of a load.
    Stage = "stage",
    /// An arrival rate.
    Arrivals = "arrivals",
    /// A search for the largest load.
    Search = "search",
    /// A data file.
    DataFile = "data_file",
    /// Basic or bearer authentication.
    AuthFull = "auth_full",
    /// User and password.
    Basic = "basic",
    /// Certificates.
    Tls = "tls",
    /// A file of an upload.
    File = "file",
    /// A threshold in full form.
    ThresholdFull = "threshold_full",
    /// Scope of a threshold in full form.
    OnFull = "on_full",
    /// Settings of all GraphQL steps.
    GraphqlSettings = "graphql_settings",
    /// Commands executed before the users start.
    Prefill = "prefill",
    /// One or several of these.
    Prefills = "prefills",
    /// A number of commands.
    CommandCount = "command_count",
    /// Bytes of a value.
    Bytes = "bytes",
    /// Settings of all Redis steps.
    RedisSettings = "redis_settings",
    /// Files to write.
    Report = "report",
    /// Baseline settings.
    Baseline = "baseline",
    /// A scenario file.
    Scenario = "scenario",
    /// Top-level keys that override those of the file.
    Profile = "profile",
    /// Any value.
    Any = "any",
    /// A string; numbers and booleans are converted.
    Text = "text",
    /// Any value, or `@file` for a JSON file.
    AnyOrFile = "any_or_file",
    /// A string, or `@file` for the content of a file.
    TextOrFile = "text_or_file",
    /// A GraphQL document, or `@file` for that of a file.
    Document = "document",
    /// A string for the log.
    LogLine = "log_line",
    /// An expression, without braces.
    Expression = "expression",
    /// The name of a variable or a flow.
    Name = "name",
    /// A display name.
    Label = "label",
    /// A path, or an http(s) URL.
    Address = "address",
    /// A base URL, or `demo`.
    Host = "host",
    /// A status, or a class of statuses.
    StatusOne = "status_one",
    /// The name of a header.
    HeaderName = "header_name",
    /// The name of a header that a scenario may set.
    OwnHeader = "own_header",
    /// The name of a row of the statistics.
    Row = "row",
    /// The name of a variable.
    Variable = "variable",
    /// The short form of a capture.
    Place = "place",
    /// `true` or `false`.
    Bool = "bool",
    /// `true`.
    Yes = "yes",
    /// A value with an order.
    Ordered = "ordered",
    /// A regular expression.
    Regex = "regex",
    /// A whole number up to a million.
    Whole = "whole",
    /// A whole number, at least 1.
    Some = "some",
    /// Users per second, above 0.
    SpawnRate = "spawn_rate",
    /// A list, a map, or a template.
    Items = "items",
    /// A list, or a template.
    ListOrTemplate = "list_or_template",
    /// A non-negative number.
    Number = "number",
    /// A whole number, or a template.
    Count = "count",
    /// A number of events, or a template.
    Events = "events",
    /// A duration above 0, or a template.
    ListenFor = "listen_for",
    /// A duration.
    Duration = "duration",
    /// A duration above 0.
    Length = "length",
    /// A number per second, minute or hour.
    Rate = "rate",
    /// A number of bytes, a function that draws one, or a template.
    Size = "size",
    /// Sizes with weights.
    SizeWeights = "size_weights",
    /// A size, or sizes with weights.
    Sizes = "sizes",
    /// A percentage.
    Percentage = "percentage",
    /// A function of `wait_time`.
    Wait = "wait",
    /// Argument of a `wait` step.
    WaitStep = "wait_step",
    /// Start order of the users of a class.
    Start = "start",
    /// HTTP version.
    HttpVersion = "http_version",
    /// Reuse of connections.
    Connections = "connections",
    /// Whether GraphQL documents are sent by hash.
    Persisted = "persisted",
    /// HTTP method of GraphQL queries.
    GraphqlMethod = "graphql_method",
    /// What a subscriber measures.
    Measure = "measure",
    /// Scope of a `stop` step.
    Stop = "stop",
    /// Whether a GraphQL response may have errors.
    ErrorsExpected = "errors_expected",
    /// Which of several values is captured.
    Pick = "pick",
    /// Variable of a search.
    Vary = "vary",
    /// The order of rows.
    Order = "order",
    /// When a new row is taken.
    Bind = "bind",
    /// Behaviour after the last row.
    OnEnd = "on_end",
    /// Handling of GraphQL errors.
    ErrorPolicy = "error_policy",
    /// Redis protocol version.
    RedisProtocol = "redis_protocol",
    /// Sentinels and the name of their master.
    Sentinel = "sentinel",
    /// Which nodes of a cluster commands go to that only read.
    ReadFrom = "read_from",
    /// Envelope format of published messages.
    Envelope = "envelope",
    /// Effect of a regression.
    Regression = "regression",
    /// A non-empty list.
    List = "list",
    /// Values by name.
    Map = "map",
    /// Values by the names of variables.
    Vars = "vars",
    /// A key without templates.
    Untemplated = "untemplated",
    /// Conditions of a threshold.
    Condition = "condition",
    /// A non-empty map of values by name.
    Assignments = "assignments",
    /// One string or a list of strings.
    Texts = "texts",
    /// One tag or a list of tags.
    Tags = "tags",
    /// A label for `--tags`.
    Tag = "tag",
    /// A Redis command: one string, or a list of arguments.
    Command = "command",
    /// An argument of a Redis command.
    Argument = "argument",
    /// Authentication, or `none`.
    Auth = "auth",
    /// Value or values of one name.
    Pair = "pair",
    /// Values by name; a list repeats its name.
    Pairs = "pairs",
    /// A list of steps.
    Steps = "steps",
    /// A list of tasks.
    Tasks = "tasks",
    /// User classes by name.
    Classes = "classes",
    /// Lists of steps by name.
    Flows = "flows",
    /// Data files by name.
    Data = "data",
    /// A list of stages.
    Stages = "stages",
    /// Profiles by name.
    Profiles = "profiles",
    /// Expected value.
    Matcher = "matcher",
    /// Expected time.
    TimeMatcher = "time_matcher",
    /// Expected size.
    SizeMatcher = "size_matcher",
    /// Expected count.
    CountMatcher = "count_matcher",
    /// Expected headers, by name.
    HeaderMatchers = "header_matchers",
    /// The value of a header.
    HeaderLine = "header_line",
    /// Headers by name.
    HeaderLines = "header_lines",
    /// Expected values, by JSONPath.
    PathMatchers = "path_matchers",
    /// A JSONPath.
    Path = "path",
    /// Expected status.
    Status = "status",
    /// One capture.
    CaptureOne = "capture_one",
    /// Captures by name.
    Capture = "capture",
    /// One file of an upload.
    Upload = "upload",
    /// The files of one field.
    Uploads = "uploads",
    /// The files of an upload by field.
    Files = "files",
    /// One threshold.
    Threshold = "threshold",
    /// A list of thresholds.
    Thresholds = "thresholds",
    /// Scope of a threshold.
    On = "on",
    /// A step.
    Step = "step",
}

impl ValueKind {
    /// True if `@file` is replaced with the content of the file.
    pub fn reads_files(self) -> bool {
        matches!(self, ValueKind::AnyOrFile | ValueKind::TextOrFile | ValueKind::Document)
    }
}
