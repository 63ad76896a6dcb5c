/** Which SQL the database speaks. `"mysql"`: MySQL 8 and newer, and MariaDB 10.6 and newer. */
export type Dialect = "postgres" | "mysql" | "sqlite";
