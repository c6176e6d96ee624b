use serde_json::Value;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row};

use super::Stack;

/// Parameters of a statement.
type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

impl Stack {
    /// Runs a statement as the owner of the database.
    pub async fn sql(&self, statement: &str, parameters: Parameters<'_>) -> Vec<Row> {
        let client = self.database.get_or_init(|| connect(self.variable("DB_URL"))).await;
        let rows = client.query(statement, parameters).await;
        rows.unwrap_or_else(|error| panic!("{statement}\n{error:?}"))
    }

    /// Runs a query, and gives each row as a JSON object.
    pub async fn rows(&self, query: &str, parameters: Parameters<'_>) -> Vec<Value> {
        let query = format!("select to_jsonb(result) from ({query}) as result");
        let rows = self.sql(&query, parameters).await;
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// How many rows the query gives.
    pub async fn count(&self, query: &str, parameters: Parameters<'_>) -> usize {
        self.rows(query, parameters).await.len()
    }
}

async fn connect(url: &str) -> Client {
    assert!(url.starts_with("postgres"), "the tests need a stack started with `--db postgres://...`, not {url}");
    let connected = tokio_postgres::connect(url, NoTls).await;
    let (client, connection) = connected.unwrap_or_else(|error| panic!("cannot connect to DB_URL {url}: {error:?}"));
    tokio::spawn(connection);
    client
}
